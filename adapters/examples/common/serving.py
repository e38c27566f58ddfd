"""Serve one app at its own address and nowhere else."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.staticfiles import StaticFiles

from common.pages import STATIC
from common.settings import Settings

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]

HEADERS = (
    # No form-action: browsers apply it to where a form's answer redirects to, and signing out
    # goes by Keycloak to the bridge.
    (b"content-security-policy", b"default-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
    # Not no-referrer: browsers then say "Origin: null" of our own forms too.
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)


def at_its_address(app: Asgi, app_url: str) -> Asgi:
    """Refuse other Host headers, and let frameworks see the public scheme behind a TLS proxy."""
    public = urlsplit(app_url)

    async def pinned(scope: Scope, receive: Any, send: Any) -> None:
        async def guarded(message: Scope) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        if scope["type"] != "http":
            return await app(scope, receive, send)
        scope["scheme"] = public.scheme
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if host != public.netloc and scope["path"] != "/healthz":
            await guarded({"type": "http.response.start", "status": 421, "headers": []})
            return await send({"type": "http.response.body", "body": b""})
        return await app(scope, receive, guarded)

    return pinned


def with_static(app: Asgi) -> Asgi:
    """The shared style sheet under /static, everything else by ``app``."""
    files = StaticFiles(directory=STATIC)

    async def split(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/static/"):
            scope = {**scope, "root_path": scope.get("root_path", "") + "/static"}
            await files(scope, receive, send)
        else:
            await app(scope, receive, send)

    return split


def serve(app: Asgi, settings: Settings) -> None:
    uvicorn.run(
        at_its_address(with_static(app), settings.app_url),
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        log_level="warning",
        server_header=False,
    )
