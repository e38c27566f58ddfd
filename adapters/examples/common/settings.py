"""An example app's settings: the environment, read once, complete or refused with a sentence."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Settings:
    """``app_url`` is the only source of the app's own addresses, never a Host header."""

    app_url: str
    host: str
    port: int
    session_secret: str
    ca_file: str | None
    required_acr: str
    tls_certificate: str | None
    tls_key: str | None

    @property
    def cookie(self) -> str:
        """Cookies ignore ports, so the name carries the port; ``__Host-`` pins host and path."""
        parts = urlsplit(self.app_url)
        return f"__Host-app-{parts.port or (443 if parts.scheme == 'https' else 80)}"

    @property
    def verify(self) -> str | bool:
        """What HTTP clients verify servers with."""
        return self.ca_file or True


@dataclass(frozen=True, slots=True)
class Registration:
    """What this app is called at one issuer."""

    issuer: str
    client_id: str
    client_secret: str


def settings(environ: Mapping[str, str]) -> Settings:
    host, _, port = needed(environ, "LISTEN").rpartition(":")
    secret = needed(environ, "SESSION_SECRET")
    if not port.isdigit() or len(secret) < 32:
        stop("LISTEN is host:port, and SESSION_SECRET has 32 characters or more.")
    return Settings(
        app_url=needed(environ, "APP_URL").rstrip("/"),
        host=host,
        port=int(port),
        session_secret=secret,
        ca_file=environ.get("CA_FILE") or None,
        required_acr=environ.get("REQUIRED_ACR") or "qr",
        tls_certificate=environ.get("TLS_CERTIFICATE") or None,
        tls_key=environ.get("TLS_KEY") or None,
    )


def registration(environ: Mapping[str, str], realm: str = "") -> Registration:
    """The registration in ``realm``, or the only one."""
    suffix = f"_{realm.upper()}" if realm else ""
    return Registration(
        issuer=needed(environ, f"ISSUER{suffix}"),
        client_id=needed(environ, "CLIENT_ID"),
        client_secret=needed(environ, f"CLIENT_SECRET{suffix}"),
    )


def needed(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or stop(f"Set {name} in the environment.")


def stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)
