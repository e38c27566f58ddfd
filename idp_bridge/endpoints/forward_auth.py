"""The listener that proxies ask about every request, and that serves sign-in on the apps' hosts.

    /forward-auth/<dialect>   200 with the identity headers, 401 or 303 to sign in, 403
    /.idp-bridge/...          pages, on the host of the app
    anything else, and whatever goes wrong: 403

Nobody but the proxies that the settings name may ask. The answer to a check has no body that a
proxy would not hand on.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from secrets import token_hex

import structlog
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from idp_bridge.core.doors import AcrTooLow
from idp_bridge.core.errors import BridgeError, NotSignedIn
from idp_bridge.core.forward_auth import AT
from idp_bridge.core.pages import reader_of
from idp_bridge.endpoints.forward_auth_answers import Ready
from idp_bridge.endpoints.forward_auth_asked import (
    PREFIX,
    Asked,
    Dialect,
    Headers,
    dialect_of,
    left,
)
from idp_bridge.endpoints.forward_auth_decision import Decision
from idp_bridge.endpoints.forward_auth_pages import ForwardAuthPages, lost_path, sign_in_path

_SAFE = (b"GET", b"HEAD")
_EMPTY = (b"content-length", b"0")
_NO_STORE = (b"cache-control", b"no-store")

Network = IPv4Network | IPv6Network
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

log = structlog.get_logger()


class Gate:
    """The application of the listener. ``site`` serves what is below ``/.idp-bridge``."""

    def __init__(
        self,
        decision: Decision,
        pages: ForwardAuthPages,
        site: ASGIApp,
        trusted: Sequence[Network],
        page_headers: Mapping[str, str],
    ) -> None:
        self._decision = decision
        self._pages = pages
        self._site = site
        self._trusted = tuple(trusted)
        self._page_headers = [(k.lower().encode(), v.encode()) for k, v in page_headers.items()]
        self._peers: dict[str, bool] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        raw = scope.get("raw_path") or b""
        peer = scope.get("client")
        if not self.trusts(peer[0] if peer else "", scope.get("server")):
            log.warning("forward_auth_untrusted_peer", peer=peer and peer[0])
            await _send(send, (403, [_EMPTY], b""))
        elif raw.startswith(PREFIX):
            query = scope["query_string"]
            url = raw + b"?" + query if query else raw
            method, headers = scope["method"].encode(), scope["headers"]
            ready = self._at_once_or_again(method, url, headers)
            answer = (200, ready.headers, b"") if ready else None
            await _send(send, answer or await self._checked(method, url, headers))
        elif raw.startswith(f"{AT}/".encode()):
            scope.setdefault("state", {})["request_id"] = token_hex(8)
            await self._site(scope, receive, self._with_page_headers(send))
        else:
            await _send(send, (403, [_EMPTY], b""))

    def trusts(self, peer: str, server: Sequence[object] | None) -> bool:
        """Whether a connection is from a proxy of ours; who reaches a Unix socket is."""
        if not peer:
            return server is not None and len(server) == 2 and server[1] is None
        if peer not in self._peers:
            if len(self._peers) >= 1000:
                self._peers.clear()
            self._peers[peer] = _is_in(peer, self._trusted)
        return self._peers[peer]

    @property
    def decision(self) -> Decision:
        """For who has the bytes of a request, from a peer that ``trusts`` says yes to."""
        return self._decision

    def at_once(self, method: bytes, url: bytes, headers: Headers) -> Ready | None:
        """The answer that lets somebody in, or None when the application has to answer.

        Only for peers that ``trusts`` says yes to.
        """
        try:
            return self._decision.known((method, url, headers))
        except BridgeError:
            return None

    def _at_once_or_again(self, method: bytes, url: bytes, headers: Headers) -> Ready | None:
        key = (method, url, tuple(headers))
        ready = self._decision.again(key)
        if ready is None and (ready := self.at_once(method, url, headers)) is not None:
            self._decision.keep(key, ready)
        return ready

    async def _checked(self, method: bytes, url: bytes, headers: Headers) -> Answer:
        dialect = dialect_of(url)
        if dialect is None:
            log.warning("forward_auth_no_such_dialect", path=url[:80].decode("latin-1"))
            return 403, [_EMPTY], b""
        asked = None
        try:
            asked = dialect.read(method, url, headers)
            seen = await self._decision.decide(asked)
            return 200, [*seen.headers, *left(dialect, asked.cookie)], b""
        except BridgeError as error:
            return self._refused(dialect, asked, headers, error)
        except Exception as error:
            log.error("forward_auth_broke", exc_info=error)
            return 403, [_EMPTY], b""

    def _refused(
        self, dialect: Dialect, asked: Asked | None, headers: Headers, error: BridgeError
    ) -> Answer:
        said = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        page = _is_page(said)
        signs_in = isinstance(error, NotSignedIn | AcrTooLow)
        if asked is None or not signs_in:
            log.info("forward_auth_refused", error=error.code, reason=str(error))
        if asked is not None and signs_in:
            return self._sent_to_sign_in(dialect, asked, error) if page else (401, [_EMPTY], b"")
        if not (page and dialect.follows):
            return 403, [_EMPTY, _NO_STORE], b""
        cookies = cookie_parser(said.get("cookie", ""))
        here = f"/{_path(asked)}" if asked else "/"
        content = self._pages.refusal(reader_of(said, cookies, {}, here), error, None).encode()
        kind = (b"content-type", b"text/html; charset=utf-8")
        length = (b"content-length", str(len(content)).encode())
        return 403, [kind, length, _NO_STORE, *self._page_headers], content

    def _sent_to_sign_in(self, dialect: Dialect, asked: Asked, error: BridgeError) -> Answer:
        acr = error.wanted if isinstance(error, AcrTooLow) else ""
        way = sign_in_path if asked.method in _SAFE else lost_path
        scheme, _, rest = asked.target.decode("latin-1").partition("://")
        host, slash, path = rest.partition("/")
        wanted = slash + path + asked.query.decode("latin-1")
        location = f"{scheme}://{host}{way(wanted, acr)}"
        status = 303 if dialect.follows else 401
        return status, [(b"location", location.encode("latin-1")), _EMPTY, _NO_STORE], b""

    def _with_page_headers(self, send: Send) -> Send:
        async def sending(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers") or [])  # type: ignore[call-overload]
                names = {name.lower() for name, _ in given}
                given += [header for header in self._page_headers if header[0] not in names]
                message = {**message, "headers": given}
            await send(message)

        return sending  # type: ignore[return-value]


def _is_in(peer: str, networks: Sequence[Network]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _is_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser opens a page, as against a script, an image or a WebSocket."""
    mode = headers.get("sec-fetch-mode", "")
    return mode == "navigate" if mode else "text/html" in headers.get("accept", "")


def _path(asked: Asked) -> str:
    return asked.target.partition(b"://")[2].partition(b"/")[2].decode("latin-1")


async def _send(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
