"""Residence code, an app of both realms that signs people in by signed tickets: Starlette."""
