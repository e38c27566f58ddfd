"""The waiting browser's pages and calls: show a code, wait, act, be signed in.

    GET  /sign-in?i=          the page; draws nothing by itself, changes nothing
    POST /qr/start       a code for this browser, or the one it has already
    GET  /qr/status?i=   how it stands; at most every two seconds (B6)
    GET  /qr/events?i=   the same, sent when it changes
    POST /qr/short-code  what to type on a phone that cannot scan
    POST /qr/confirm     the phone's digits, or the click
    POST /qr/discard     "this is not me": the code is dead, the page shows a new one
    POST /qr/claim       session and answer, once
    POST /qr/other       another way in

Every call needs the browser's cookie besides the interaction's id (B1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.apps import Apps
from idp_bridge.core.authorization import (
    AuthorizationRequest,
    AuthorizationResponse,
    Authorizations,
)
from idp_bridge.core.clients import Clients
from idp_bridge.core.clock import Clock
from idp_bridge.core.cookies import browser_cookie, cookie_name, op_session_cookie
from idp_bridge.core.errors import InvalidGrant
from idp_bridge.core.kiosks import Kiosks
from idp_bridge.core.levels import RANKS, reaches
from idp_bridge.core.memory import Memory
from idp_bridge.core.moves import Moves
from idp_bridge.core.pages import Pages
from idp_bridge.core.qr_flow import Place, Rules
from idp_bridge.core.qr_login import ACR, QrLogin, SignedIn, StartLimit, Status, WrongDigits
from idp_bridge.core.secret import digest, new_token
from idp_bridge.core.surroundings import Surroundings
from idp_bridge.incoming import reader_from
from idp_bridge.settings import Settings
from idp_bridge.web.guards import check_same_origin
from idp_bridge.web.qr_events import StatusEvents
from idp_bridge.web.qr_requests import (
    NO_STORE,
    form_policy,
    said_in,
    set_cookie,
    standing,
    start_limit,
    text_of,
)
from idp_bridge.web.requests import wants_page


@dataclass(frozen=True, slots=True)
class QrParts:
    """What the pages of the waiting browser are made of."""

    settings: Settings
    pages: Pages
    login: QrLogin
    moves: Moves
    rules: Rules
    authorizations: Authorizations
    clients: Clients
    apps: Apps
    kiosks: Kiosks
    memory: Memory
    surroundings: Surroundings
    clock: Clock


def routes(parts: QrParts) -> list[BaseRoute]:
    """The routes of the OpenID Provider's origin that this module serves."""
    pages = QrPages(parts)
    events = StatusEvents(parts.login, parts.moves, parts.clock, parts.settings.issuer)
    return [
        Route("/sign-in", pages.show),
        Route("/qr/start", pages.start, methods=["POST"]),
        Route("/qr/status", pages.status),
        Route("/qr/events", events, methods=["GET"]),
        Route("/qr/short-code", pages.short_code, methods=["POST"]),
        Route("/qr/confirm", pages.confirm, methods=["POST"]),
        Route("/qr/discard", pages.discard, methods=["POST"]),
        Route("/qr/claim", pages.claim, methods=["POST"]),
        Route("/qr/other", pages.other, methods=["POST"]),
    ]


class QrPages:
    """Handlers: each reads the request, asks core and answers."""

    def __init__(self, parts: QrParts) -> None:
        self._parts = parts
        self._issuer = parts.settings.issuer
        self._known_cookie = cookie_name("known", self._issuer)

    async def show(self, request: Request) -> Response:
        """The page. A request that is over gets a page that says so, with a way back."""
        parts = self._parts
        interaction = request.query_params.get("i", "")
        try:
            wish = await parts.authorizations.pending(interaction, digest(self._browser(request)))
        except InvalidGrant:
            lost = parts.pages.render(
                "qr/lost.html", reader_from(request), resident_url=parts.settings.resident_url
            )
            return HTMLResponse(lost, 410, NO_STORE)
        if (elsewhere := _elsewhere(wish)) is not None:
            return RedirectResponse(f"{elsewhere}?i={quote(interaction, safe='')}", 303, NO_STORE)
        facts = self._facts(interaction, wish) | {"app": await self._hint(wish)}
        page = parts.pages.render("qr/sign_in.html", reader_from(request), **facts)
        policy = form_policy(wish.redirect_uri, parts.settings.keycloak_url)
        return HTMLResponse(page, headers={**NO_STORE, **policy})

    def _facts(self, interaction: str, wish: AuthorizationRequest) -> dict[str, object]:
        rules, settings = self._parts.rules, self._parts.settings
        address = urlsplit(settings.resident_url).netloc
        data = {
            "interaction": interaction,
            "codeUrl": f"{settings.resident_url}/q#",
            "poll": rules.poll_min.total_seconds(),
            "rotate": rules.frame_rotate.total_seconds(),
        }
        return {
            "interaction": interaction,
            "page_data": data,
            "digits": rules.digits,
            "phone_address": address,
            "activation": f"{settings.resident_url}/login?next=%2Fphone&way=activation"
            if wish.realm == "residents"
            else "",
        }

    async def start(self, request: Request) -> Response:
        """A code for this browser; a kiosk proves itself here (P8)."""
        said = await self._said(request)
        interaction, browser = text_of(said, "i"), self._browser(request)
        place, limit = await self._place(request, said, interaction, browser)
        status = await self._parts.login.start(interaction, browser, place, limit)
        return self._standing(status)

    async def status(self, request: Request) -> Response:
        """How this browser's code stands."""
        interaction = request.query_params.get("i", "")
        return self._standing(await self._parts.login.poll(interaction, self._browser(request)))

    async def short_code(self, request: Request) -> Response:
        """A code to type, for a person whose phone cannot scan."""
        said = await self._said(request)
        code = await self._parts.login.short_code(text_of(said, "i"), self._browser(request))
        return JSONResponse({"code": code}, headers=NO_STORE)

    async def confirm(self, request: Request) -> Response:
        """The act at this browser after the phone approved (B5, P7)."""
        said = await self._said(request)
        login = self._parts.login
        try:
            status = await login.confirm(
                text_of(said, "i"), self._browser(request), text_of(said, "digits")
            )
        except WrongDigits as wrong:
            content = {"error": wrong.code, "left": wrong.left}
            return JSONResponse(content, wrong.status, NO_STORE)
        return self._standing(status)

    async def discard(self, request: Request) -> Response:
        """The person here is not who approved, or does not go on: the code is over."""
        said = await self._said(request)
        await self._parts.login.discard(text_of(said, "i"), self._browser(request))
        return JSONResponse({}, headers=NO_STORE)

    async def claim(self, request: Request) -> Response:
        """Sign this browser in, once, and say where to go on."""
        said = await self._said(request)
        browser = self._browser(request)
        interaction = text_of(said, "i")
        wish = await self._parts.authorizations.pending(interaction, digest(browser))
        held = request.cookies.get(op_session_cookie(self._issuer, wish.realm))
        signed_in = await self._parts.login.claim(interaction, browser, held)
        # A fresh secret after sign-in (B1): what other tabs still show is over for them.
        renewed = new_token()
        location = await self._way_back(signed_in.response, renewed)
        answer = self._go(request, location)
        set_cookie(answer, browser_cookie(self._issuer), renewed)
        self._remember(request, answer, signed_in)
        return answer

    async def other(self, request: Request) -> Response:
        """Another way in: Keycloak's own page, in the same authentication session there."""
        said = await self._said(request)
        interaction, browser = text_of(said, "i"), self._browser(request)
        wish = await self._parts.authorizations.pending(interaction, digest(browser))
        client = self._parts.clients.find(wish.client_id)
        if client is None or not client.keycloak:
            target = f"/sign-in/keycloak?i={quote(interaction, safe='')}"
        else:
            response = await self._parts.login.cancel(interaction, browser)
            target = await self._way_back(response, browser)
        return self._go(request, target)

    async def _place(
        self, request: Request, said: Mapping[str, Any], interaction: str, browser: str
    ) -> tuple[Place, StartLimit]:
        parts = self._parts
        address = request.client.host if request.client else ""
        around = parts.surroundings.describe(address, request.headers.get("user-agent", ""))
        wish = await parts.authorizations.pending(interaction, digest(browser))
        place = Place(
            browser=around.browser,
            system=around.system,
            city=around.city,
            network=around.network,
            app_hint=await self._hint(wish),
            kiosk=await self._kiosk(said.get("kiosk"), interaction),
            remembers=parts.memory.remembers(request.cookies.get(self._known_cookie)),
            warnings=around.warnings,
        )
        return place, start_limit(parts.settings.qr, around.network, around.starts_per_minute)

    async def _kiosk(self, claimed: Any, interaction: str) -> str:
        if not isinstance(claimed, dict):
            return ""
        kiosk = await self._parts.kiosks.prove(
            kiosk_id=text_of(claimed, "id"),
            proof=text_of(claimed, "proof"),
            url=f"{self._issuer}/qr/start",
            interaction=interaction,
        )
        return kiosk.id

    async def _hint(self, wish: AuthorizationRequest) -> str:
        # Only a registered app is ever named, and only as a hint (P3).
        if not wish.app_hint:
            return ""
        apps = await self._parts.apps.of(wish.realm)
        names = (app.names for app in apps if app.enabled and app.client_id == wish.app_hint)
        return next((" · ".join(dict.fromkeys(found.values())) for found in names), "")

    def _standing(self, status: Status) -> Response:
        return JSONResponse(standing(status, self._parts.clock), headers=NO_STORE)

    def _remember(self, request: Request, answer: Response, signed_in: SignedIn) -> None:
        who = signed_in.authentication
        set_cookie(answer, op_session_cookie(self._issuer, who.realm), signed_in.token)
        if signed_in.kiosk:
            return
        memory = self._parts.memory
        held = request.cookies.get(self._known_cookie)
        known = memory.remember(held, who.realm, who.subject)
        set_cookie(answer, self._known_cookie, known, int(memory.life.total_seconds()))

    def _browser(self, request: Request) -> str:
        browser = request.cookies.get(browser_cookie(self._issuer), "")
        if not browser:
            raise InvalidGrant("no browser secret")
        return browser

    async def _said(self, request: Request) -> Mapping[str, Any]:
        check_same_origin(request, self._issuer)
        return await said_in(request)

    @staticmethod
    def _go(request: Request, location: str) -> Response:
        if wants_page(request):
            return RedirectResponse(location, 303, NO_STORE)
        return JSONResponse({"location": location}, headers=NO_STORE)

    async def _way_back(self, response: AuthorizationResponse, browser: str) -> str:
        return await self._parts.authorizations.way_back(
            response, issuer=self._issuer, browser=digest(browser)
        )


def _elsewhere(wish: AuthorizationRequest) -> str | None:
    """Where a request is answered that no scan can answer."""
    if wish.level == "activation":
        return "/activate"
    known = [value for value in wish.wanted_acr if value in RANKS]
    if not wish.level and known and not reaches(ACR, known):
        return "/sign-in/keycloak"
    return None
