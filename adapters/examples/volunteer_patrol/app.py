"""The app's pages. Who is there says the signed identity header, and nothing else does.

There is no sign-in, no session and no cookie of its own: the proxy asks the bridge about every
request, and the bridge's signature says who it was. A plain header would be as good as its sender.
"""

import asyncio
from pathlib import Path

import httpx
from common.places import DISTRICT, place
from common.settings import Settings
from common.starlette_pages import PagesApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from idp_bridge_adapters.keys import KeysUnavailable, RemoteKeys
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.signed_header import HEADER, SignedHeader
from idp_bridge_adapters.tokens import TokenRefused
from volunteer_patrol.patrols import ROUNDS, NotYours, Patrols
from volunteer_patrol.texts import TEXTS


class App(PagesApp):
    """Holds what the handlers share."""

    folder = Path(__file__).parent
    texts = TEXTS

    def __init__(self, settings: Settings, header: SignedHeader) -> None:
        super().__init__(settings)
        self.header = header
        self.patrols = Patrols(ROUNDS)

    async def entered(self, request: Request) -> Principal:
        """The one door of every handler."""
        said = request.headers.getlist(HEADER)
        if len(said) != 1:
            raise TokenRefused("there is one signed header, or nobody came by the entrance")
        return await asyncio.to_thread(self.header.verify, said[0])

    async def home(self, request: Request) -> Response:
        who = await self.entered(request)
        chosen = self.language(request)
        return self.page(
            request,
            "home.html",
            person=who,
            rounds=self.patrols.seen_by(who),
            places=[(post.role, place(post.org, chosen)) for post in sorted(who.posts)],
            may=lambda one, role: role in self.patrols.acts_as(who, one),
            place_of=lambda one: place(one.org, chosen),
            district=place(DISTRICT, chosen),
        )

    async def change(self, request: Request) -> Response:
        who = await self.entered(request)
        if request.headers.get("origin") != self.settings.app_url:
            raise NotYours
        verbs = {
            "join": self.patrols.join,
            "leave": self.patrols.leave,
            "off": self.patrols.call_off,
            "on": self.patrols.call_on,
        }
        verb = verbs.get(request.path_params["verb"])
        if verb is None:
            return self.notice(request, "not_yours", "/", "back", status=404)
        verb(request.path_params["round"], who)
        return RedirectResponse("/", 303)

    async def whoami(self, request: Request) -> Response:
        who = await self.entered(request)
        posts = [{"role": post.role, "org": post.org} for post in sorted(who.posts)]
        return JSONResponse(
            {
                "issuer": who.issuer,
                "subject": who.subject,
                "name": who.name,
                "roles": sorted(who.roles),
                "posts": posts,
                "acr": who.acr,
                "by": "forward-auth",
            }
        )

    async def logout(self, _request: Request) -> Response:
        # The same POST at the bridge's address on this host, which looks where it is from.
        return RedirectResponse("/.idp-bridge/sign-out", 307)

    async def on_refused(self, request: Request, _error: Exception) -> Response:
        if request.url.path == "/whoami":
            return JSONResponse({"error": "login_required"}, 401)
        return self.notice(request, "past", self.settings.app_url, "again", status=401)

    async def on_not_yours(self, request: Request, _error: Exception) -> Response:
        return self.notice(request, "not_yours", "/", "back", status=403)

    async def on_unreachable(self, request: Request, _error: Exception) -> Response:
        if request.url.path == "/whoami":
            return JSONResponse({"error": "temporarily_unavailable"}, 503)
        return self.notice(request, "away", "/", "reload", status=503)


def believed(settings: Settings, bridge: str, client_id: str) -> SignedHeader:
    """The header as ``bridge`` signs it for this app."""
    http = httpx.Client(timeout=5, verify=settings.verify)
    return SignedHeader(bridge, client_id, RemoteKeys(bridge, http))


def build(settings: Settings, header: SignedHeader) -> Starlette:
    app = App(settings, header)
    return Starlette(
        routes=[
            Route("/", app.home),
            Route("/rounds/{round}/{verb:str}", app.change, methods=["POST"]),
            Route("/whoami", app.whoami),
            Route("/logout", app.logout, methods=["POST"]),
            Route("/healthz", app.healthy),
        ],
        exception_handlers={
            TokenRefused: app.on_refused,
            NotYours: app.on_not_yours,
            KeysUnavailable: app.on_unreachable,
        },
    )
