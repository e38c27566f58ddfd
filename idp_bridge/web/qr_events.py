"""``/qr/events``: the same status as polling gives, sent when it changes (B6).

Bare ASGI: a waiting page costs one small task and no request machinery. It looks when it hears
that its flow moved and when its frame is over, not all the time. A stream ends by itself when the
flow is over or after five minutes; the page then polls or asks again.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from idp_bridge.core.clock import Clock
from idp_bridge.core.cookies import browser_cookie
from idp_bridge.core.errors import BridgeError, InvalidGrant, Unavailable
from idp_bridge.core.moves import Listener, Moves
from idp_bridge.core.qr_flow import State
from idp_bridge.core.qr_login import QrLogin, Status
from idp_bridge.core.secret import digest
from idp_bridge.web.qr_requests import standing

LOOK = timedelta(seconds=10)
"""The longest without a look: word may be lost."""
AGAIN = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
_OVER = (State.CLAIMED, State.DENIED, State.CANCELLED, State.EXPIRED)
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class StatusEvents:
    """An ASGI application for one path."""

    def __init__(
        self,
        login: QrLogin,
        moves: Moves,
        clock: Clock,
        issuer: str,
        look: timedelta = LOOK,
    ) -> None:
        self._login = login
        self._moves = moves
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
        # Listening begins before the first look, so that nothing falls in between.
        listener = self._moves.listen(digest(interaction))
        gone = asyncio.create_task(_until_gone(receive, listener))
        try:
            status = await self._login.status(interaction, browser)
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._tell(_Page(interaction, browser, send, listener, gone), status)
        finally:
            gone.cancel()
            self._moves.leave(digest(interaction), listener)

    async def _tell(self, page: "_Page", status: Status) -> None:
        told, began = "", self._clock()
        while not page.gone.done():
            seen = f"{status.state}{status.frame}{status.tries}"
            if seen != told:
                await page.write(f"data: {json.dumps(standing(status, self._clock))}\n\n")
            else:
                await page.write(": still here\n\n")
            told = seen
            if status.state in _OVER or self._clock() - began > LONGEST:
                break
            patience = min(self._look, (status.frame_ends or status.ends) - self._clock())
            await page.listener.wait(patience)
            looked = await self._look_again(page)
            if looked is None:
                break
            status = looked
        with suppress(OSError):
            await page.send({"type": "http.response.body", "body": b""})

    async def _look_again(self, page: "_Page") -> Status | None:
        """The status now, or ``None`` when there is no such flow any more."""
        while not page.gone.done():
            try:
                return await self._login.status(page.interaction, page.browser)
            except Unavailable:
                await page.listener.wait(AGAIN)
            except BridgeError:
                return None
        return None


@dataclass(frozen=True, slots=True)
class _Page:
    interaction: str
    browser: str
    send: Send
    listener: Listener
    gone: "asyncio.Task[None]"

    async def write(self, text: str) -> None:
        await self.send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _until_gone(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.wake()
