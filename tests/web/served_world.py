"""The QR pages served to a real browser: two origins on free ports, a clock that runs."""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from idp_bridge.app.http import Front, Origin
from idp_bridge.core.clock import system_clock
from idp_bridge.core.cookies import browser_cookie
from idp_bridge.core.qr_flow import Rules
from idp_bridge.core.secret import new_token
from tests.fakes import FakeClock
from tests.web.qr_world import QrWorld

T = TypeVar("T")


class RunningClock(FakeClock):
    """Runs like a real one, for phones sign with their own; can be moved on besides."""

    def __init__(self) -> None:
        super().__init__()
        self.now = system_clock()
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self._began)


class ServedWorld(QrWorld):
    """With a client to come from and to go back to, and a Keycloak that asks nothing."""

    def __init__(self, issuer: str, resident: str, rules: Rules) -> None:
        super().__init__(issuer, resident, rules=rules, clock=RunningClock())
        self.loop = asyncio.new_event_loop()
        self.requests: list[str] = []
        self._keycloak_url = self.keycloak.authorization_url
        self.keycloak.authorization_url = self._straight_back  # type: ignore[method-assign]
        op, my = (self._apps[urlsplit(url).netloc] for url in (issuer, resident))
        op.router.routes += [Route("/begin", self._begin), Route("/client", self._client)]
        my.router.routes += [Route("/", self._client)]
        self.front = Front(
            (
                Origin("op", issuer, op, (), "idle-detection=(self)", True),
                Origin("resident", resident, my, (), "camera=(self), geolocation=(self)", True),
            ),
            (),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.requests.append(f"{scope['method']} {scope['path']}")
            await self.core.revocations.heard("residents")

        async def sending(message: Message) -> None:
            await send(message)

        await self.front(scope, receive, sending)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something inside the server."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def _straight_back(self, **asked: Any) -> str:
        self._keycloak_url(**asked)
        return f"{self.resident}/callback?state={asked['state']}&code=good"

    async def _begin(self, request: Request) -> Response:
        browser = request.cookies.get(browser_cookie(self.issuer)) or new_token()
        interaction = await self.begin(browser, redirect_uri=f"{self.issuer}/client")
        answer = RedirectResponse(f"/sign-in?i={interaction}", 303)
        name = browser_cookie(self.issuer)
        answer.set_cookie(name, browser, secure=True, httponly=True, samesite="lax", path="/")
        return answer

    async def _client(self, request: Request) -> Response:
        said = "signed in" if "code" in request.query_params else str(request.query_params)
        return HTMLResponse(f"<title>client</title><main><h1>{said}</h1></main>")


@contextmanager
def served(rules: Rules | None = None) -> Iterator[ServedWorld]:
    """A running world; both servers end with the block."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    issuer, resident = (f"http://localhost:{one.getsockname()[1]}" for one in sockets)
    world = ServedWorld(issuer, resident, rules or Rules())
    config = uvicorn.Config(world, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    def serve() -> None:
        asyncio.set_event_loop(world.loop)
        world.loop.run_until_complete(server.serve(sockets=sockets))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.should_exit = True
        thread.join(10)
