"""Django, configured in one place: everything that is decided here is decided once."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import django
from common.serving import Asgi
from common.settings import Settings
from django.conf import settings as site
from django.core.asgi import get_asgi_application
from django.core.management import call_command


def build(settings: Settings, bridge: str) -> Asgi:
    # A demonstration forgets its visits when it ends; a real app names its database here.
    folder = Path(tempfile.mkdtemp(prefix="key-person-"))
    site.configure(
        SECRET_KEY=settings.session_secret,
        ALLOWED_HOSTS=[urlsplit(settings.app_url).hostname, "127.0.0.1"],
        ROOT_URLCONF="key_person.urls",
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
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "key_person.db"}
        },
        LOGGING={
            "version": 1,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
        },
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        APP=settings,
        **_sessions(settings),
        **_cas(settings, bridge),
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    application: Asgi = get_asgi_application()
    return application


def _sessions(settings: Settings) -> dict[str, object]:
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
        "CSRF_FAILURE_VIEW": "key_person.views.cross_site",
    }


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
