"""The app's pages. Who is there says Apache in front, in headers that only it can vouch for."""

import base64
import binascii
import hmac
from pathlib import Path

from common.places import DISTRICT, place
from common.settings import Settings
from common.starlette_pages import PagesApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dispute_resolution.disputes import DISPUTES, Disputes, NotYours
from dispute_resolution.texts import TEXTS
from idp_bridge_adapters.principal import Principal, posts_of


class NotByTheEntrance(Exception):
    """The request did not come by the Apache that this app was started with."""


class NoRole(Exception):
    """Signed in, without any role in this app."""


class App(PagesApp):
    """Holds what the handlers share."""

    folder = Path(__file__).parent
    texts = TEXTS

    def __init__(self, settings: Settings, password: str) -> None:
        super().__init__(settings)
        self._password = password
        self.disputes = Disputes(DISPUTES)

    def entered(self, request: Request) -> Principal:
        """The one door of every handler."""
        said = request.headers
        if not hmac.compare_digest(said.get("x-front", ""), self._password):
            raise NotByTheEntrance
        subject, roles = said.get("x-saml-user", ""), _listed(said.get("x-saml-roles", ""))
        if not subject:
            raise NotByTheEntrance
        if not roles:
            raise NoRole
        return Principal(
            issuer="saml",
            subject=subject,
            realm="workers",
            name=_decoded(said.get("x-saml-name", "")) or subject,
            roles=frozenset(roles),
            posts=posts_of(_listed(said.get("x-saml-posts", ""))),
            acr="",
            sid=said.get("x-saml-session", ""),
        )

    async def home(self, request: Request) -> Response:
        who = self.entered(request)
        chosen = self.language(request)
        return self.page(
            request,
            "home.html",
            person=who,
            disputes=self.disputes.seen_by(who),
            places=[(post.role, place(post.org, chosen)) for post in sorted(who.posts)],
            may=lambda one: "mediator" in self.disputes.acts_as(who, one),
            place_of=lambda one: place(one.org, chosen),
            district=place(DISTRICT, chosen),
        )

    async def change(self, request: Request) -> Response:
        who = self.entered(request)
        self.check_origin(request)
        verbs = {"take": self.disputes.take_up, "return": self.disputes.give_back}
        verb = verbs.get(request.path_params["verb"])
        if verb is None:
            return self.notice(request, "not_yours", "/", "back", status=404)
        verb(request.path_params["dispute"], who)
        return RedirectResponse("/", 303)

    async def whoami(self, request: Request) -> Response:
        who = self.entered(request)
        posts = [{"role": post.role, "org": post.org} for post in sorted(who.posts)]
        facts = {"subject": who.subject, "name": who.name, "roles": sorted(who.roles)}
        return JSONResponse({**facts, "posts": posts, "by": "saml"})

    async def logout(self, request: Request) -> Response:
        self.check_origin(request)
        # Apache asks Keycloak to end the session, and comes back here.
        target = f"{self.settings.app_url}/signed-out"
        return RedirectResponse(f"/mellon/logout?ReturnTo={target}", 303)

    def check_origin(self, request: Request) -> None:
        if request.headers.get("origin") != self.settings.app_url:
            raise NotYours

    async def on_stranger(self, request: Request, _error: Exception) -> Response:
        if request.url.path == "/whoami":
            return JSONResponse({"error": "login_required"}, 401)
        return self.notice(request, "past", self.settings.app_url, "again", status=401)

    async def on_no_role(self, request: Request, _error: Exception) -> Response:
        if request.url.path == "/whoami":
            return JSONResponse({"error": "no_role"}, 403)
        return self.notice(request, "refused", "/", "reload", status=403)

    async def on_not_yours(self, request: Request, _error: Exception) -> Response:
        return self.notice(request, "not_yours", "/", "back", status=403)


def build(settings: Settings, password: str) -> Starlette:
    app = App(settings, password)
    return Starlette(
        routes=[
            Route("/", app.home),
            Route("/disputes/{dispute}/{verb:str}", app.change, methods=["POST"]),
            Route("/whoami", app.whoami),
            Route("/logout", app.logout, methods=["POST"]),
            Route("/signed-out", app.signed_out),
            Route("/healthz", app.healthy),
        ],
        exception_handlers={
            NotByTheEntrance: app.on_stranger,
            NoRole: app.on_no_role,
            NotYours: app.on_not_yours,
        },
    )


def _listed(value: str) -> list[str]:
    return [one for one in value.split(";") if one]


def _decoded(value: str) -> str:
    """Headers hold no Chinese: Apache encodes the name."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
