"""Django, configured in one place: everything that is decided here is decided once."""

from common.django_site import server_sessions, started
from common.serving import Asgi
from common.settings import Settings


def build(settings: Settings, bridge: str) -> Asgi:
    return started(
        "key_person",
        settings,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django_cas_ng",
            "key_person",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        AUTHENTICATION_BACKENDS=["key_person.sign_in.District"],
        **server_sessions(settings),
        **_cas(settings, bridge),
    )


def _cas(settings: Settings, bridge: str) -> dict[str, object]:
    return {
        "CAS_SERVER_URL": f"{bridge}/cas/",
        "CAS_VERSION": "3",
        # The app's own address is configured; a Host header would let tickets of others in.
        "CAS_ROOT_PROXIED_AS": settings.app_url,
        "CAS_VERIFY_SSL_CERTIFICATE": settings.verify,
        "CAS_STORE_NEXT": True,
        "CAS_IGNORE_REFERER": True,
        "CAS_REDIRECT_URL": "/",
        "CAS_LOGIN_NEXT_PAGE": "/",
        "CAS_LOGOUT_NEXT_PAGE": "/signed-out",
        "CAS_LOGIN_MSG": None,
        "CAS_LOGGED_MSG": None,
    }
