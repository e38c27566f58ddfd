"""Django, configured in one place: everything that is decided here is decided once."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import django
from common.discovery import discovered_at_start
from common.serving import Asgi
from common.settings import Registration, Settings
from django.conf import settings as site
from django.core.asgi import get_asgi_application
from django.core.management import call_command


def build(settings: Settings, registered: Registration) -> Asgi:
    # A demonstration forgets its applications when it ends; a real app names its database here.
    folder = Path(tempfile.mkdtemp(prefix="legal-aid-"))
    site.configure(
        SECRET_KEY=settings.session_secret,
        ALLOWED_HOSTS=[urlsplit(settings.app_url).hostname, "127.0.0.1"],
        ROOT_URLCONF="legal_aid.urls",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "legal_aid"],
        AUTH_USER_MODEL="legal_aid.Resident",
        AUTHENTICATION_BACKENDS=["legal_aid.sign_in.District"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "legal_aid.following.following_roles",
        ],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "legal_aid.db"}
        },
        LOGGING={
            "version": 1,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
        },
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        APP=settings,
        REGISTERED=registered,
        **_sessions(settings),
        **_openid(settings, registered),
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    application: Asgi = get_asgi_application()
    return application


def _sessions(settings: Settings) -> dict[str, object]:
    """Sessions stay on the server, for they hold tokens; the CSRF secret lies in them too."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    return {
        "CACHES": {"default": {"BACKEND": memory, "OPTIONS": {"MAX_ENTRIES": 10_000}}},
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
        "SESSION_COOKIE_NAME": settings.cookie,
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_USE_SESSIONS": True,
        "CSRF_TRUSTED_ORIGINS": [settings.app_url],
        "CSRF_FAILURE_VIEW": "legal_aid.views.cross_site",
    }


def _openid(settings: Settings, registered: Registration) -> dict[str, object]:
    metadata = discovered_at_start(registered.issuer, settings.verify)
    return {
        "OIDC_RP_CLIENT_ID": registered.client_id,
        "OIDC_RP_CLIENT_SECRET": registered.client_secret,
        "OIDC_RP_SCOPES": "openid profile",
        # The library takes one algorithm, and would take HS256 if it were not told.
        "OIDC_RP_SIGN_ALGO": os.environ.get("SIGNING_ALG") or "RS256",
        "OIDC_OP_AUTHORIZATION_ENDPOINT": metadata["authorization_endpoint"],
        "OIDC_OP_TOKEN_ENDPOINT": metadata["token_endpoint"],
        "OIDC_OP_USER_ENDPOINT": metadata["userinfo_endpoint"],
        "OIDC_OP_JWKS_ENDPOINT": metadata["jwks_uri"],
        "OIDC_OP_LOGOUT_ENDPOINT": metadata["end_session_endpoint"],
        "OIDC_OP_LOGOUT_URL_METHOD": "legal_aid.sign_in.sign_out_url",
        "OIDC_AUTHENTICATION_CALLBACK_URL": "callback",
        "OIDC_TOKEN_USE_BASIC_AUTH": True,
        "OIDC_USE_PKCE": True,
        "OIDC_VERIFY_SSL": settings.verify,
        "OIDC_TIMEOUT": 5,
        "OIDC_MAX_STATES": 5,
        "LOGIN_REDIRECT_URL": "/",
        "LOGOUT_REDIRECT_URL": "/signed-out",
        "LOGIN_REDIRECT_URL_FAILURE": "/failed",
    }
