r"""Lets somebody in before uvicorn has built the ASGI scope: the speed of forward-auth.

    bytes --the very request of before--> answer
          \--parsed--> gate.at_once --> answer
                            \--None--> uvicorn's own way, through the application

It decides nothing itself and knows one answer only, the one that lets in; everything else, and
everything unusual on the connection, goes the ASGI way. It leans on private parts of uvicorn, whose
version is pinned for that reason; a test holds all ways to the same answers.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from idp_bridge.endpoints.forward_auth import Gate
from idp_bridge.endpoints.forward_auth_answers import Ready

_UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
_END = b"\r\n\r\n"
_LONGEST = 8192


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
        self._decision = gate.decision
        self._trusted = False
        # Of the bytes that came last: how many requests began in them, and the answer to the last.
        self._begun = 0
        self._unfinished = False
        self._answered: Ready | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._trusted = self._gate.trusts(self.client[0] if self.client else "", self.server)

    def data_received(self, data: bytes) -> None:
        whole = self._is_between() and len(data) <= _LONGEST and data.endswith(_END)
        if whole and (ready := self._decision.again(data)) is not None:
            self._unset_keepalive_if_required()
            self._write(ready)
            return
        self._begun, self._answered = 0, None
        super().data_received(data)
        if whole and self._begun == 1 and self._answered is not None and not self._unfinished:
            self._decision.keep(data, self._answered)

    def on_message_begin(self) -> None:
        self._begun += 1
        self._unfinished = True
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._answered = self._at_once()
        if self._answered is not None:
            self._write(self._answered)
            return
        url, headers = self.url, self.headers
        super().on_message_begin()
        for name, value in headers:
            super().on_header(name, value)
        self.url = url
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._answered is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._unfinished = False
        if self._answered is None:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        # A proxy passed on that the browser wants a WebSocket. The parser reads no further here, so
        # that the next check has to come on another connection.
        self.cycle.keep_alive = False

    def _is_between(self) -> bool:
        """Whether nothing is under way: answers keep the order of the requests."""
        before = self.cycle
        return (
            self._trusted
            and not self._unfinished
            and (before is None or before.response_complete)
            and not self.flow.write_paused
        )

    def _at_once(self) -> Ready | None:
        before = self.cycle
        if not self._trusted or (before is not None and not before.response_complete):
            return None
        if self.flow.write_paused or not self.parser.should_keep_alive():
            return None
        if not _UNUSUAL.isdisjoint(name for name, _ in self.headers):
            return None
        return self._gate.at_once(self.parser.get_method(), self.url, self.headers)

    def _write(self, ready: Ready) -> None:
        self.transport.write(ready.raw)
        self.server_state.total_requests += 1
