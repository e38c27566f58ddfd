"""One origin that people sign in to: its sign-in routes, and pages that need somebody signed in.

    surface = Surface("resident", settings.resident_url, pages, sessions)
    routes = [*surface.routes(), surface.route("/phone", show_phone)]

A handler gets a ``Visit`` and never runs without a live session; a POST also has to come from a
page of this origin with the session's CSRF token. Somebody not signed in who opens a page is sent
to sign in and comes back to it; a script is told 401.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.cookies import cookie_name
from idp_bridge.core.errors import BridgeError, InvalidRequest, NotSignedIn
from idp_bridge.core.levels import reaches
from idp_bridge.core.pages import Pages, Reader
from idp_bridge.core.secret import new_token
from idp_bridge.incoming import parameters_of, reader_from
from idp_bridge.web.guards import check_csrf, check_same_origin
from idp_bridge.web.requests import path_on_this_origin, wants_page

_REASONS = ("access_denied", "temporarily_unavailable", "insufficient_acr")


class NotProvenEnough(BridgeError):
    """Signed in, but at a lower level than this surface asks for."""

    code, status, public = "insufficient_acr", 403, "Please confirm your sign-in once more"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody signed in asks for something."""

    request: Request
    session: ClientSession
    reader: Reader

    async def form(self) -> FormData:
        """What was sent."""
        return await self.request.form()


Handler = Callable[[Visit], Awaitable[Response]]


class Surface:
    """``name`` is ``resident``, ``worker`` or ``admin``; ``least_acr`` is asked of every page."""

    def __init__(
        self,
        name: str,
        origin: str,
        pages: Pages,
        sessions: ClientSessions,
        *,
        least_acr: str = "",
        sign_in_with: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.origin = origin
        self.pages = pages
        self.sessions = sessions
        self._least_acr = least_acr
        self._sign_in_with = dict(sign_in_with or {})
        self._session_cookie = cookie_name(name, origin)
        self._login_cookie = cookie_name(f"{name}-login", origin)

    def routes(self) -> list[BaseRoute]:
        """Sign-in, sign-out and Keycloak's back-channel call."""
        return [
            Route("/login", self._login),
            Route("/callback", self._callback),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/signed-out", self._signed_out),
            Route("/backchannel-logout", self._backchannel_logout, methods=["POST"]),
        ]

    def route(self, path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
        """A page or an action for somebody signed in."""

        async def endpoint(request: Request) -> Response:
            try:
                visit = await self.visit(request)
            except (NotSignedIn, NotProvenEnough) as refusal:
                if request.method not in ("GET", "HEAD") or not wants_page(request):
                    raise
                wanted = reader_from(request).here
                if isinstance(refusal, NotProvenEnough):
                    return self._refused(request, refusal.code, wanted)
                return RedirectResponse(self.login_path(wanted), 303)
            if request.method not in ("GET", "HEAD"):
                await check_csrf(request, visit.session.csrf)
            return await handler(visit)

        return Route(path, endpoint, methods=list(methods))

    async def visit(self, request: Request) -> Visit:
        """Who asks. Raises ``NotSignedIn``, ``NotProvenEnough``, ``CrossSite``."""
        if request.method not in ("GET", "HEAD"):
            check_same_origin(request, self.origin)
        session = await self.sessions.current(self.token_of(request))
        if self._least_acr and not reaches(session.acr, (self._least_acr,)):
            raise NotProvenEnough(f"{session.acr!r} is below {self._least_acr!r}")
        return Visit(request, session, reader_from(request))

    def token_of(self, request: Request) -> str | None:
        """The session cookie of this surface."""
        return request.cookies.get(self._session_cookie)

    def page(self, visit: Visit, template: str, status: int = 200, **facts: object) -> Response:
        """A page of this surface for somebody signed in."""
        content = self.pages.render(template, visit.reader, visitor=visit.session, **facts)
        return HTMLResponse(content, status, {"Cache-Control": "no-store"})

    def login_path(self, wanted: str, **extra: str) -> str:
        """Where a link to sign in points."""
        more = "".join(f"&{name}={quote(value, safe='')}" for name, value in extra.items())
        return f"/login?next={quote(path_on_this_origin(wanted), safe='')}{more}"

    async def _login(self, request: Request) -> Response:
        browser = request.cookies.get(self._login_cookie) or new_token()
        reader = reader_from(request)
        extra = {"ui_locales": reader.ui_locales, **self._sign_in_with}
        if request.query_params.get("fresh") == "1":
            extra["prompt"] = "login"
        if (hint := request.query_params.get("way")) in ("qr", "activation", ""):
            # An empty hint shows Keycloak's own page with every way in.
            extra["kc_idp_hint"] = hint
        wanted = path_on_this_origin(request.query_params.get("next", "/"))
        url = await self.sessions.begin(browser=browser, wanted=wanted, extra=extra)
        answer = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
        self._set(answer, self._login_cookie, browser)
        return answer

    async def _callback(self, request: Request) -> Response:
        browser = request.cookies.get(self._login_cookie, "")
        said = parameters_of(request)
        if "error" in said:
            wanted = await self.sessions.wanted(browser=browser, state=said.get("state", ""))
            return self._refused(request, said["error"], wanted)
        finished = await self.sessions.finish(
            browser=browser,
            state=said.get("state", ""),
            code=said.get("code", ""),
            previous=self.token_of(request),
        )
        answer = RedirectResponse(finished.wanted, 303, {"Cache-Control": "no-store"})
        self._set(answer, self._session_cookie, finished.token)
        return answer

    async def _logout(self, request: Request) -> Response:
        check_same_origin(request, self.origin)
        token = self.token_of(request)
        target = f"{self.origin}/signed-out"
        with suppress(NotSignedIn):
            session = await self.sessions.current(token)
            await check_csrf(request, session.csrf)
            target = await self.sessions.end(token, target)
        answer = RedirectResponse(target, 303, {"Cache-Control": "no-store"})
        for name in (self._session_cookie, self._login_cookie):
            answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
        return answer

    async def _signed_out(self, request: Request) -> Response:
        page = self.pages.render("signed_out.html", reader_from(request))
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    async def _backchannel_logout(self, request: Request) -> Response:
        token = str((await request.form()).get("logout_token", ""))
        if not token:
            raise InvalidRequest("logout_token is missing")
        await self.sessions.ended_at_keycloak(token)
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    def _refused(self, request: Request, error: str, wanted: str) -> Response:
        known = error if error in _REASONS else "other"
        # One level more is asked for by the surface itself; otherwise every way in is shown.
        again = self.login_path(wanted, **({} if error == NotProvenEnough.code else {"way": ""}))
        page = self.pages.render(
            "sign_in_refused.html", reader_from(request), reason=known, again=again
        )
        return HTMLResponse(page, 403, {"Cache-Control": "no-store"})

    @staticmethod
    def _set(answer: Response, name: str, value: str) -> None:
        answer.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="lax")
