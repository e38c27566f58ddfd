r"""Signs a browser in at Keycloak as an app's client, for adapters that answer with a ticket.

    adapter --send--> Keycloak (silent when signed in) --callback--> check_entry --> the adapter
                                                           \--acr too low, once--> Keycloak again

The trip is made for every ticket, so that what a ticket says is fresh; the browser keeps nothing
but the secret that binds the trip to it. Keycloak's word that a session ended arrives here too.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.app_logout import AppLogout
from idp_bridge.core.apps import App
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.cookies import cookie_name
from idp_bridge.core.doors import AcrTooLow, AppSuspended, Doors, check_entry
from idp_bridge.core.errors import Forbidden, InvalidRequest, NotFound
from idp_bridge.core.pages import Pages
from idp_bridge.core.secret import new_token
from idp_bridge.incoming import parameters_of, reader_from

_PROTOCOL, _STEPPED, _SILENT = "_protocol", "_stepped", "_silent"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A browser is back from Keycloak. Without ``session`` nobody signed in: see ``error``.

    With both, somebody is signed in who may not enter; only a silent trip (``prompt=none``) tells
    its adapter so, any other ends on a page.

    ``token`` names the session to ``ClientSessions``; ``wanted`` is what the adapter sent along.
    """

    app: App
    wanted: Mapping[str, str]
    session: ClientSession | None = None
    token: str = ""
    error: str = ""


Handler = Callable[[Request, Arrival], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class EntryParts:
    """What the entry is made of."""

    issuer: str
    doors: Doors
    pages: Pages
    app_logout: AppLogout


class Entry:
    """The one way through Keycloak for apps that do not speak OpenID Connect or SAML."""

    def __init__(self, parts: EntryParts) -> None:
        self._issuer = parts.issuer
        self._doors = parts.doors
        self._pages = parts.pages
        self._app_logout = parts.app_logout
        self._cookie = cookie_name("apps-login", parts.issuer)
        self._handlers: dict[str, Handler] = {}

    def on_arrival(self, protocol: str, handler: Handler) -> None:
        """Have ``handler`` answer browsers that were sent for ``protocol``."""
        self._handlers[protocol] = handler

    def routes(self) -> list[BaseRoute]:
        """The callback, and Keycloak's back-channel call."""
        return [
            Route("/apps/callback/{realm}/{client_id}", self._callback),
            Route(
                "/apps/backchannel-logout/{realm}/{client_id}",
                self._backchannel_logout,
                methods=["POST"],
            ),
        ]

    def sessions(self, app: App) -> ClientSessions:
        """The sessions of ``app`` that begin here."""
        address = f"{self._issuer}/apps/callback/{app.realm}/{app.client_id}"
        return self._doors.sessions(app, address)

    async def send(
        self,
        request: Request,
        app: App,
        *,
        protocol: str,
        wanted: Mapping[str, str],
        extra: Mapping[str, str] | None = None,
    ) -> Response:
        """To Keycloak as ``app``'s client. ``extra``: ``prompt``, ``acr_values``, ``max_age``.

        Raises ``AppSuspended``: Keycloak would only show an error page of its own.
        """
        if not app.enabled:
            raise AppSuspended(f"app {app.client_id} is disabled")
        browser = request.cookies.get(self._cookie) or new_token()
        reader = reader_from(request)
        asked = {"ui_locales": reader.ui_locales, **(extra or {})}
        if app.minimum_acr:
            asked.setdefault("acr_values", app.minimum_acr)
        silent = {_SILENT: "1"} if asked.get("prompt") == "none" else {}
        along = json.dumps({**wanted, **silent, _PROTOCOL: protocol})
        url = await self.sessions(app).begin(browser=browser, wanted=along, extra=asked)
        answer = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
        answer.set_cookie(
            self._cookie, browser, path="/", secure=True, httponly=True, samesite="lax"
        )
        return answer

    def choose(self, request: Request, apps: Sequence[App]) -> App | Response:
        """The app meant, or a page that asks as whom to enter when it is of both realms."""
        wished = request.query_params.get("realm", "")
        for app in apps:
            if len(apps) == 1 or app.realm == wished:
                return app
        if not apps:
            raise NotFound("no such app")
        others = [(k, v) for k, v in request.query_params.multi_items() if k != "realm"]
        ways = [
            (app.realm, f"{request.url.path}?{urlencode([*others, ('realm', app.realm)])}")
            for app in apps
        ]
        reader = reader_from(request)
        page = self._pages.render("apps/choose.html", reader, app=apps[0], ways=ways)
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    async def _callback(self, request: Request) -> Response:
        app = await self._app(request)
        sessions = self.sessions(app)
        said = parameters_of(request)
        browser = request.cookies.get(self._cookie, "")
        if "error" in said:
            along = json.loads(await sessions.wanted(browser=browser, state=said.get("state", "")))
            return await self._hand_over(request, along, Arrival(app, {}, error=said["error"]))
        finished = await sessions.finish(
            browser=browser, state=said.get("state", ""), code=said.get("code", "")
        )
        along = json.loads(finished.wanted)
        arrival = Arrival(app, {}, finished.session, finished.token)
        try:
            check_entry(app, finished.session)
        except Forbidden as refusal:
            if _SILENT in along:
                return await self._hand_over(request, along, replace(arrival, error=refusal.code))
            if isinstance(refusal, AcrTooLow):
                return await self._step_up(request, app, along, refusal)
            raise
        return await self._hand_over(request, along, arrival)

    async def _step_up(
        self, request: Request, app: App, along: dict[str, str], low: AcrTooLow
    ) -> Response:
        if _STEPPED in along:
            raise low
        protocol = along.pop(_PROTOCOL)
        extra = {"acr_values": low.wanted, "prompt": "login"}
        wanted = {**along, _STEPPED: "1"}
        return await self.send(request, app, protocol=protocol, wanted=wanted, extra=extra)

    async def _hand_over(
        self, request: Request, along: dict[str, str], arrival: Arrival
    ) -> Response:
        handler = self._handlers[along[_PROTOCOL]]
        ours = (_PROTOCOL, _STEPPED, _SILENT)
        wanted = {k: v for k, v in along.items() if k not in ours}
        return await handler(request, replace(arrival, wanted=wanted))

    async def _backchannel_logout(self, request: Request) -> Response:
        app = await self._app(request)
        token = str((await request.form()).get("logout_token", ""))
        if not token:
            raise InvalidRequest("logout_token is missing")
        said = await self.sessions(app).ended_at_keycloak(token)
        if said.sid:
            await self._app_logout.session_over(app.realm, said.sid, app.client_id)
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    async def _app(self, request: Request) -> App:
        return await self._doors.app(request.path_params["realm"], request.path_params["client_id"])
