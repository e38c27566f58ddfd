"""Django, configured in one place: everything that is decided here is decided once."""

import os

from common.discovery import discovered_at_start
from common.django_site import server_sessions, started
from common.serving import Asgi
from common.settings import Registration, Settings


def build(settings: Settings, registered: Registration) -> Asgi:
    return started(
        "legal_aid",
        settings,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "legal_aid"],
        AUTH_USER_MODEL="legal_aid.Resident",
        AUTHENTICATION_BACKENDS=["legal_aid.sign_in.District"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "legal_aid.following.following_roles",
        ],
        REGISTERED=registered,
        **server_sessions(settings),
        **_openid(settings, registered),
    )


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
