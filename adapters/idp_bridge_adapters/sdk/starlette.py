"""Sign-on for Starlette and FastAPI apps.

    sign_on = SignOn(App("https://booking.example", (registration,)))
    sign_on.install(app)

    Counsellor = Annotated[Principal, Depends(sign_on.require_role(Role.COUNSELLOR))]

    @app.get("/bookings")
    async def bookings(who: Counsellor): ...

In Starlette the same is ``who = await sign_on.require_role(Role.COUNSELLOR)(request)``. It serves
``/login``, ``/login/<realm>``, ``/callback/<realm>``, ``/logout`` (POST) and
``/backchannel-logout``.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from idp_bridge_adapters.app import App
from idp_bridge_adapters.errors import SignOnError
from idp_bridge_adapters.front import Demand, Front, Gate, Surroundings
from idp_bridge_adapters.notices import Page
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.steps import AsyncDriver, Steps
from idp_bridge_adapters.stores import MemoryStore, Store
from idp_bridge_adapters.web import LONGEST_LOGOUT, Asked, Reply, logout_token

Dependency = Callable[[Request], Awaitable[Principal]]


class SignOn:
    """``store`` keeps sessions; ``page`` shows notices in the app's own look."""

    def __init__(
        self,
        app: App,
        *,
        store: Store | None = None,
        page: Page | None = None,
        gate: Gate | None = None,
        around: Surroundings | None = None,
    ) -> None:
        reached = around or Surroundings()
        self._front = Front(app, reached, page=page, gate=gate)
        self._driver = AsyncDriver(store or MemoryStore(), reached.concurrent())
        self._behind_gate = gate is not None

    def install(self, app: Starlette) -> None:
        """Add the sign-on's addresses, and the answers to those who are not let in."""
        app.add_exception_handler(SignOnError, self._refused)
        if not self._behind_gate:
            app.router.routes.extend(self._routes())

    async def current(self, request: Request) -> Principal:
        """Who is here, whatever they may do; raises ``SignedOut``."""
        return await self._driver.run(self._front.current(_asked(request)))

    def require_role(
        self, *roles: str, org: Callable[[Request], str] | None = None, acr: str | None = None
    ) -> Dependency:
        """A dependency: the person, with one of ``roles`` (any if none is named) right now.

        ``org`` says which org unit a request is about: a post has to give the role there.
        """
        return self._admitting(Demand(roles, acr), org)

    def require_machine(
        self, *roles: str, org: Callable[[Request], str] | None = None
    ) -> Dependency:
        """The same for the API: one of the app's ``machines``, by its access token."""
        return self._admitting(Demand(roles, machine=True), org)

    def _admitting(self, demand: Demand, org: Callable[[Request], str] | None) -> Dependency:
        async def admitted(request: Request) -> Principal:
            where = org(request) if org is not None else None
            return await self._driver.run(self._front.admitted(_asked(request), demand, where))

        return admitted

    def _routes(self) -> list[Route]:
        return [
            Route("/login", self._login),
            Route("/login/{realm}", self._login_at),
            Route("/callback/{realm}", self._callback),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/backchannel-logout", self._backchannel, methods=["POST"]),
        ]

    async def _login(self, request: Request) -> Response:
        return await self._replied(self._front.login(_asked(request)))

    async def _login_at(self, request: Request) -> Response:
        realm = request.path_params["realm"]
        return await self._replied(self._front.login_at(_asked(request), realm))

    async def _callback(self, request: Request) -> Response:
        realm = request.path_params["realm"]
        return await self._replied(self._front.flow.callback(_asked(request), realm))

    async def _logout(self, request: Request) -> Response:
        return await self._replied(self._front.flow.logout(_asked(request)))

    async def _backchannel(self, request: Request) -> Response:
        token = logout_token(await _body(request))
        return await self._replied(self._front.flow.backchannel(token))

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, SignOnError)
        try:
            return await self._replied(self._front.refused(_asked(request), error))
        except SignOnError as worse:
            return await self._replied(self._front.refused(_asked(request), worse))

    async def _replied(self, steps: Steps[Reply]) -> Response:
        reply = await self._driver.run(steps)
        answer = Response(reply.body, reply.status, media_type=reply.kind)
        for name, value in reply.headers():
            answer.headers.append(name, value)
        return answer


def _asked(request: Request) -> Asked:
    return Asked(
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        headers=request.headers,
        cookies=request.cookies,
    )


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_LOGOUT:
            return b""
    return body
