"""``/qr/events``: the same status as polling gives, sent when it changes (B6).

Bare ASGI: a waiting page costs one small task and no request machinery. A stream ends by itself
when the flow is over or after five minutes; the page then polls or asks again.
"""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from idp_bridge.core.clock import Clock
from idp_bridge.core.cookies import browser_cookie
from idp_bridge.core.errors import BridgeError, InvalidGrant
from idp_bridge.core.qr_flow import State
from idp_bridge.core.qr_login import QrLogin, Status
from idp_bridge.web.qr_requests import standing

LOOK = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
QUIET = 15
_OVER = (State.CLAIMED, State.DENIED, State.CANCELLED, State.EXPIRED)
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class StatusEvents:
    """An ASGI application for one path."""

    def __init__(self, login: QrLogin, clock: Clock, issuer: str, look: timedelta = LOOK) -> None:
        self._login = login
        self._clock = clock
        self._cookie = browser_cookie(issuer)
        self._look = look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one page; the checks are those of the poll, before the first byte."""
        request = Request(scope)
        interaction = request.query_params.get("i", "")
        browser = request.cookies.get(self._cookie, "")
        if not browser:
            raise InvalidGrant("no browser secret")
        status = await self._login.status(interaction, browser)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await self._tell(interaction, browser, status, send, gone)
        finally:
            gone.cancel()

    async def _tell(
        self,
        interaction: str,
        browser: str,
        status: Status,
        send: Send,
        gone: "asyncio.Task[None]",
    ) -> None:
        told, silent = "", 0.0
        began = self._clock()
        while not gone.done():
            now = json.dumps(standing(status, self._clock))
            seen = f"{status.state}{status.frame}{status.tries}"
            if seen != told:
                await _write(send, f"data: {now}\n\n")
                told, silent = seen, 0.0
            elif silent >= QUIET:
                await _write(send, ": still here\n\n")
                silent = 0.0
            if status.state in _OVER or self._clock() - began > LONGEST:
                break
            await asyncio.wait([gone], timeout=self._look.total_seconds())
            silent += self._look.total_seconds()
            try:
                status = await self._login.status(interaction, browser)
            except BridgeError:
                break
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b""})


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
