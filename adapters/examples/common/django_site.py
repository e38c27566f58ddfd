"""What the Django examples configure alike: hosts, a database, logging, sessions on the server."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings as site
from django.core.asgi import get_asgi_application
from django.core.management import call_command

from common.serving import Asgi
from common.settings import Settings


def started(name: str, settings: Settings, **own: object) -> Asgi:
    """The app of package ``name``, with its tables made; ``own`` is what only it configures."""
    # A demonstration forgets everything when it ends; a real app names its database here.
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    site.configure(
        SECRET_KEY=settings.session_secret,
        ALLOWED_HOSTS=[urlsplit(settings.app_url).hostname, "127.0.0.1"],
        ROOT_URLCONF=f"{name}.urls",
        CSRF_TRUSTED_ORIGINS=[settings.app_url],
        CSRF_FAILURE_VIEW=f"{name}.views.cross_site",
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / f"{name}.db"}
        },
        LOGGING={
            "version": 1,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
        },
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        APP=settings,
        **own,
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    application: Asgi = get_asgi_application()
    return application


def server_sessions(settings: Settings) -> dict[str, object]:
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
    }
