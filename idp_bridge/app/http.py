"""What every request passes: its id, its origin, the headers of every answer, one log line.

    request -> id -> client address -> app of the origin (by Host) -> headers -> log line

An origin nobody configured is answered 421; nothing is ever served under a name we did not choose.
What is sent to us is small: of a longer body no more is read, whoever sends it.
"""

import time
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from secrets import token_hex
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from idp_bridge.core.errors import InvalidRequest

log = structlog.get_logger()

Network = IPv4Network | IPv6Network
LARGEST = 512 * 1024


@dataclass(frozen=True, slots=True)
class Origin:
    """One origin: its app, and what its pages may do beyond the rule for all."""

    name: str
    url: str
    app: ASGIApp
    form_targets: tuple[str, ...] = ()
    permissions: str = ""
    opened_by_kiosk: bool = False


class Front:
    """The one ASGI application that the server runs."""

    def __init__(self, origins: tuple[Origin, ...], trusted_proxies: tuple[Network, ...]) -> None:
        self._origins = {urlsplit(origin.url).netloc.lower(): origin for origin in origins}
        self._answers = {origin.name: page_headers(origin) for origin in origins}
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/healthz":
            await JSONResponse({"status": "ok"})(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = self._origins.get(headers.get("host", "").lower())
        if origin is None:
            await PlainTextResponse("No such site here.\n", 421)(scope, receive, send)
            return
        request_id = token_hex(8)
        scope["client"] = (self._client(scope, headers), 0)
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request=request_id):
            await self._answer(origin, scope, receive, send, request_id)

    async def _answer(
        self, origin: Origin, scope: Scope, receive: Receive, send: Send, request_id: str
    ) -> None:
        began = time.perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answer = MutableHeaders(scope=message)
                for name, value in self._answers[origin.name].items():
                    answer.setdefault(name, value)
                answer["X-Request-Id"] = request_id
            await send(message)

        try:
            await origin.app(scope, _at_most(LARGEST, receive), sending)
        finally:
            log.info(
                "request",
                origin=origin.name,
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )

    def _client(self, scope: Scope, headers: Headers) -> str:
        """The nearest address that is not a proxy of ours; a forged header gets nobody far."""
        address = scope["client"][0] if scope.get("client") else ""
        hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
        while hops and self._is_proxy(address):
            address = hops.pop()
        return address

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


def _at_most(largest: int, receive: Receive) -> Receive:
    """``receive`` that raises ``InvalidRequest`` once a body is longer than ``largest``."""
    left = largest

    async def receiving() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise InvalidRequest("the body is too long")
        return message

    return receiving


def page_headers(origin: Origin) -> dict[str, str]:
    """The headers that every page of an origin carries."""
    forms = " ".join(("'self'", *origin.form_targets))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {forms}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        # With no-referrer a form POST would carry "Origin: null" and be taken for cross-site.
        "Referrer-Policy": "same-origin",
        # A kiosk's shell closes the portal it opened once nobody is there: it needs the handle.
        "Cross-Origin-Opener-Policy": "unsafe-none" if origin.opened_by_kiosk else "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": origin.permissions,
        "Cache-Control": "no-store",
    }
    if origin.url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
