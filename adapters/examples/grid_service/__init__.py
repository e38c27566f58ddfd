"""Grid service management, an app for workers: Starlette, and Authlib for OpenID Connect."""
