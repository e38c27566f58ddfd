"""Volunteer patrol, an app for workers behind forward-auth: no sign-in of its own."""
