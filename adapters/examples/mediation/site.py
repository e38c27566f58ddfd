"""Django, configured in one place. Its own sessions and users are not needed."""

from collections.abc import Mapping

from common.django_site import started
from common.serving import Asgi
from common.settings import Registration, Settings


def build(settings: Settings, realms: Mapping[str, Registration]) -> Asgi:
    return started(
        "mediation",
        settings,
        INSTALLED_APPS=["mediation"],
        MIDDLEWARE=[
            "django.middleware.csrf.CsrfViewMiddleware",
            "mediation.sign_on.middleware",
        ],
        CSRF_COOKIE_NAME=f"{settings.cookie}-csrf",
        CSRF_COOKIE_SECURE=True,
        CSRF_COOKIE_HTTPONLY=True,
        CSRF_COOKIE_AGE=None,
        REALMS=realms,
    )
