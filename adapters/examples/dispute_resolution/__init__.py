"""Dispute resolution, an app for workers over SAML 2.0, which Apache speaks for it."""
