r"""Lets somebody in before uvicorn has built the ASGI scope: the speed of forward-auth.

    request --> gate.at_once --answer--> written, done
                     \--None--> uvicorn's own way, through the application

It decides nothing itself and knows one answer only, the one that lets in; everything else, and
everything unusual on the connection, goes the ASGI way. It leans on private parts of uvicorn, whose
version is pinned for that reason; a test holds both ways to the same answers.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from idp_bridge.endpoints.forward_auth import Gate

_BODY = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


class GateProtocol(HttpToolsProtocol):
    """One connection of a proxy to a ``Gate``."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        gate = config.loaded_app
        if not isinstance(gate, Gate):
            raise TypeError("this protocol serves a Gate and nothing else")
        self._gate = gate
        self._trusted = False
        self._answered = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._trusted = self._gate.trusts(self.client[0] if self.client else "", self.server)

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._answered = self._trusted and self._at_once()
        if self._answered:
            return
        url, headers = self.url, self.headers
        super().on_message_begin()
        for name, value in headers:
            super().on_header(name, value)
        self.url = url
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._answered:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        # A proxy passed on that the browser wants a WebSocket. The parser reads no further here, so
        # that the next check has to come on another connection.
        self.cycle.keep_alive = False

    def _at_once(self) -> bool:
        before = self.cycle
        if before is not None and not before.response_complete:
            # Answers keep the order of the requests.
            return False
        if self.flow.write_paused or not self.parser.should_keep_alive():
            return False
        answer = self._gate.at_once(self.parser.get_method(), self.url, self.headers)
        if answer is None or not _BODY.isdisjoint(name for name, _ in self.headers):
            return False
        self.transport.write(answer)
        self.server_state.total_requests += 1
        return True
