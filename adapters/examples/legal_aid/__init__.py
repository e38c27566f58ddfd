"""Legal aid, an app for residents: Django, and mozilla-django-oidc for OpenID Connect."""
