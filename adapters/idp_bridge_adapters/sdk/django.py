"""Sign-on for Django apps, for plain and for ``async`` views.

    sign_on = SignOn(App("https://mediation.example", (registration,)))
    urlpatterns = [*sign_on.urls(), path("cases", cases)]
    MIDDLEWARE = [..., "mediation.sign_on.middleware"]  # there: middleware = sign_on.middleware

    @sign_on.require_role(Role.MEDIATOR)
    def cases(request):
        who = sign_on.current(request)

It serves ``/login``, ``/login/<realm>``, ``/callback/<realm>``, ``/logout`` (POST) and
``/backchannel-logout``. Nothing of Django's own sessions or users is needed or touched.
"""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from idp_bridge_adapters.app import App
from idp_bridge_adapters.errors import SignOnError
from idp_bridge_adapters.front import Demand, Front, Gate, Surroundings
from idp_bridge_adapters.notices import Page
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.steps import AsyncDriver, Driver, Steps
from idp_bridge_adapters.stores import MemoryStore, Store
from idp_bridge_adapters.web import LONGEST_LOGOUT, Asked, Reply, logout_token

View = TypeVar("View", bound=Callable[..., Any])
_KEPT = "_idp_bridge_principal"


class SignOn:
    """``store`` keeps sessions: one whose methods block, unless all views are ``async``."""

    def __init__(
        self,
        app: App,
        *,
        store: Store | None = None,
        page: Page | None = None,
        gate: Gate | None = None,
        around: Surroundings | None = None,
    ) -> None:
        reached, kept = around or Surroundings(), store or MemoryStore()
        self._front = Front(app, reached, page=page, gate=gate)
        self._driver = Driver(kept, reached.blocking())
        self._concurrent = AsyncDriver(kept, reached.concurrent())
        self._behind_gate = gate is not None

    def urls(self) -> list[URLPattern]:
        """The sign-on's addresses, for the project's ``urlpatterns``."""
        if self._behind_gate:
            return []
        # Not Django's CSRF token: sign-out asks for this app's own origin, a logout is signed.
        return [
            path("login", require_GET(self._login)),
            path("login/<str:realm>", require_GET(self._login_at)),
            path("callback/<str:realm>", require_GET(self._callback)),
            path("logout", csrf_exempt(require_POST(self._logout))),
            path("backchannel-logout", csrf_exempt(require_POST(self._backchannel))),
        ]

    def current(self, request: HttpRequest) -> Principal:
        """Who is here, whatever they may do; raises ``SignedOut``. Read once in a request."""
        person: Principal | None = getattr(request, _KEPT, None)
        if person is None:
            person = self._driver.run(self._front.current(_asked(request)))
            setattr(request, _KEPT, person)
        return person

    async def acurrent(self, request: HttpRequest) -> Principal:
        """``current`` for ``async`` views."""
        person: Principal | None = getattr(request, _KEPT, None)
        if person is None:
            person = await self._concurrent.run(self._front.current(_asked(request)))
            setattr(request, _KEPT, person)
        return person

    def require_role(
        self,
        *roles: str,
        org: Callable[[HttpRequest], str] | None = None,
        acr: str | None = None,
    ) -> Callable[[View], View]:
        """A decorator: lets in who holds one of ``roles`` (any if none is named) right now.

        ``org`` says which org unit a request is about: a post has to give the role there.
        """
        return self._admitting(Demand(roles, acr), org)

    def require_machine(
        self, *roles: str, org: Callable[[HttpRequest], str] | None = None
    ) -> Callable[[View], View]:
        """The same for the API: one of the app's ``machines``, by its access token."""
        admitting = self._admitting(Demand(roles, machine=True), org)
        # No cookie takes part, so no other site can make a browser send the token.
        return lambda view: csrf_exempt(admitting(view))

    def _admitting(
        self, demand: Demand, org: Callable[[HttpRequest], str] | None
    ) -> Callable[[View], View]:
        def steps(request: HttpRequest) -> Steps[Principal]:
            where = org(request) if org is not None else None
            return self._front.admitted(_asked(request), demand, where)

        def guarding(view: View) -> View:
            if iscoroutinefunction(view):
                return self._guarding_async(view, steps)

            @wraps(view)
            def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                setattr(request, _KEPT, self._driver.run(steps(request)))
                return view(request, *args, **kwargs)

            return guarded  # type: ignore[return-value]

        return guarding

    def _guarding_async(self, view: View, steps: Callable[[HttpRequest], Steps[Principal]]) -> View:
        @wraps(view)
        async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            setattr(request, _KEPT, await self._concurrent.run(steps(request)))
            return await view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]

    def middleware(self, get_response: Callable[[HttpRequest], HttpResponse]) -> "Refusing":
        """Answers those who are not let in; name it in ``MIDDLEWARE``, after all others."""
        return Refusing(get_response, self.refused)

    def refused(self, request: HttpRequest, error: SignOnError) -> HttpResponse:
        """The answer instead of the view's."""
        try:
            return self._replied(self._front.refused(_asked(request), error))
        except SignOnError as worse:
            return self._replied(self._front.refused(_asked(request), worse))

    def _login(self, request: HttpRequest) -> HttpResponse:
        return self._replied(self._front.login(_asked(request)))

    def _login_at(self, request: HttpRequest, realm: str) -> HttpResponse:
        return self._replied(self._front.login_at(_asked(request), realm))

    def _callback(self, request: HttpRequest, realm: str) -> HttpResponse:
        return self._replied(self._front.flow.callback(_asked(request), realm))

    def _logout(self, request: HttpRequest) -> HttpResponse:
        return self._replied(self._front.flow.logout(_asked(request)))

    def _backchannel(self, request: HttpRequest) -> HttpResponse:
        token = logout_token(request.read(LONGEST_LOGOUT))
        return self._replied(self._front.flow.backchannel(token))

    def _replied(self, steps: Steps[Reply]) -> HttpResponse:
        reply = self._driver.run(steps)
        answer = HttpResponse(
            reply.body, status=reply.status, content_type=f"{reply.kind}; charset=utf-8"
        )
        for name, value in reply.headers():
            if name != "Set-Cookie":
                answer.headers[name] = value
        for cookie in reply.cookies:
            answer.set_cookie(
                cookie.name,
                cookie.value,
                max_age=cookie.seconds if cookie.value else 0,
                secure=True,
                httponly=True,
                samesite="Lax",
            )
        return answer


class Refusing:
    """The middleware: turns a ``SignOnError`` of a view into its answer."""

    def __init__(
        self,
        get_response: Callable[[HttpRequest], HttpResponse],
        refused: Callable[[HttpRequest, SignOnError], HttpResponse],
    ) -> None:
        self._get_response = get_response
        self._refused = refused

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django's hook for what a view raised."""
        return self._refused(request, error) if isinstance(error, SignOnError) else None


def _asked(request: HttpRequest) -> Asked:
    return Asked(
        method=request.method or "",
        path=quote(request.path, safe="/:@!$&'()*+,;=~-._"),
        query=request.META.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        cookies=request.COOKIES,
    )
