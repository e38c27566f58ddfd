"""Django, configured in one place. Its own sessions and users are not needed."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import django
from common.serving import Asgi
from common.settings import Registration, Settings
from django.conf import settings as site
from django.core.asgi import get_asgi_application
from django.core.management import call_command


def build(settings: Settings, realms: Mapping[str, Registration]) -> Asgi:
    # A demonstration forgets its disputes when it ends; a real app names its database here.
    folder = Path(tempfile.mkdtemp(prefix="mediation-"))
    site.configure(
        SECRET_KEY=settings.session_secret,
        ALLOWED_HOSTS=[urlsplit(settings.app_url).hostname, "127.0.0.1"],
        ROOT_URLCONF="mediation.urls",
        INSTALLED_APPS=["mediation"],
        MIDDLEWARE=[
            "django.middleware.csrf.CsrfViewMiddleware",
            "mediation.sign_on.middleware",
        ],
        CSRF_COOKIE_NAME=f"{settings.cookie}-csrf",
        CSRF_COOKIE_SECURE=True,
        CSRF_COOKIE_HTTPONLY=True,
        CSRF_COOKIE_AGE=None,
        CSRF_TRUSTED_ORIGINS=[settings.app_url],
        CSRF_FAILURE_VIEW="mediation.views.cross_site",
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "mediation.db"}
        },
        LOGGING={
            "version": 1,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
        },
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        APP=settings,
        REALMS=realms,
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    application: Asgi = get_asgi_application()
    return application
