"""The app's pages: who comes by a ticket, and the certificates that they may see."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from common.places import place
from common.settings import Settings
from common.sign_on import facts, places_of
from common.starlette_pages import PagesApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from idp_bridge_adapters.keys import KeysUnavailable, RemoteKeys
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.signed_ticket import SignedTickets
from idp_bridge_adapters.tokens import AcrTooLow, TokenRefused
from residence_code.certificates import Certificates, NotYours, covers
from residence_code.sign_in import Place, SignedOut, SignIn
from residence_code.texts import TEXTS


class App(PagesApp):
    """Holds what the handlers share."""

    folder = Path(__file__).parent
    texts = TEXTS

    def __init__(self, settings: Settings, sign_in: SignIn) -> None:
        super().__init__(settings)
        self.sign_in = sign_in
        self.certificates = Certificates()

    def entered(self, request: Request) -> Principal:
        """The one door of every handler."""
        return self.sign_in.current(request.cookies.get(self.settings.cookie))

    async def home(self, request: Request) -> Response:
        try:
            who = self.entered(request)
        except SignedOut:
            ways = [(realm, f"/login/{realm}") for realm in self.sign_in.realms]
            return self.page(request, "choose.html", realms=ways)
        chosen = self.language(request)
        return self.page(
            request,
            "home.html",
            person=who,
            places=places_of(who, chosen),
            certificates=self.certificates.seen_by(who),
            confirms=lambda one: covers(who, one),
            place_of=lambda one: place(one.org, chosen),
        )

    async def login(self, request: Request) -> Response:
        realm = request.path_params["realm"]
        if realm not in self.sign_in.realms:
            return RedirectResponse("/", 303)
        url, state = self.sign_in.begin(realm)
        answer = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
        # From the bridge's site a form brings only cookies that are SameSite=None.
        self.keep(answer, "state", state, samesite="none", max_age=900)
        return answer

    async def signed_in(self, request: Request) -> Response:
        form = await request.form(max_fields=8)
        ticket, state = str(form.get("ticket", "")), str(form.get("state", ""))
        kept = request.cookies.get(f"{self.settings.cookie}-state", "")
        try:
            session_id = await asyncio.to_thread(self.sign_in.finish, ticket, state, kept)
        except AcrTooLow:
            return self.notice(request, "weak", "/", "again", status=403)
        except TokenRefused:
            return self.notice(request, "failed", "/", "again", status=400)
        answer = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
        answer.delete_cookie(f"{self.settings.cookie}-state", secure=True, httponly=True)
        self.keep(answer, "", session_id, samesite="lax")
        return answer

    async def change(self, request: Request) -> Response:
        who = self.entered(request)
        verbs = {"apply": self.certificates.apply, "confirm": self.certificates.confirm}
        verb = verbs.get(request.path_params["verb"])
        if verb is None or request.headers.get("origin") != self.settings.app_url:
            raise NotYours
        verb(request.path_params["number"], who)
        return RedirectResponse("/", 303)

    async def whoami(self, request: Request) -> Response:
        return JSONResponse({**facts(self.entered(request)), "by": "ticket"})

    async def logout(self, request: Request) -> Response:
        if request.headers.get("origin") != self.settings.app_url:
            raise NotYours
        to = self.sign_in.end(request.cookies.get(self.settings.cookie))
        return RedirectResponse(to, 303, {"Cache-Control": "no-store"})

    async def over(self, request: Request) -> Response:
        """The bridge tells that a session is over."""
        form = await request.form(max_fields=4)
        try:
            await asyncio.to_thread(self.sign_in.end_named, str(form.get("logout_token", "")))
        except TokenRefused:
            return JSONResponse({"error": "invalid_request"}, 400)
        return JSONResponse({})

    def keep(self, answer: Response, name: str, value: str, **how: Any) -> None:
        called = f"{self.settings.cookie}-{name}" if name else self.settings.cookie
        answer.set_cookie(called, value, secure=True, httponly=True, **how)

    async def on_signed_out(self, _request: Request, _error: Exception) -> Response:
        return JSONResponse({"error": "login_required"}, 401)

    async def on_not_yours(self, request: Request, _error: Exception) -> Response:
        return self.notice(request, "not_yours", "/", "back", status=403)

    async def on_unreachable(self, request: Request, _error: Exception) -> Response:
        return self.notice(request, "away", "/", "again", status=503)


def verifier(settings: Settings, bridge: str, client_id: str) -> SignedTickets:
    http = httpx.Client(timeout=5, verify=settings.verify)
    service = Place(bridge, client_id, settings.app_url).service
    keys = RemoteKeys(bridge, http)
    return SignedTickets(bridge, client_id, service, keys, minimum_acr=settings.required_acr)


def build(settings: Settings, bridge: str, client_id: str, tickets: SignedTickets) -> Starlette:
    where = Place(bridge, client_id, settings.app_url)
    app = App(settings, SignIn(where, tickets, ("residents", "workers")))
    return Starlette(
        routes=[
            Route("/", app.home),
            Route("/login/{realm}", app.login),
            Route("/signed-in", app.signed_in, methods=["POST"]),
            Route("/certificates/{number}/{verb}", app.change, methods=["POST"]),
            Route("/whoami", app.whoami),
            Route("/logout", app.logout, methods=["POST"]),
            Route("/session-over", app.over, methods=["POST"]),
            Route("/signed-out", app.signed_out),
            Route("/healthz", app.healthy),
        ],
        exception_handlers={
            SignedOut: app.on_signed_out,
            NotYours: app.on_not_yours,
            KeysUnavailable: app.on_unreachable,
        },
    )
