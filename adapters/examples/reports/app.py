"""The app's pages: a report for everybody, its handling for those whose grid it is in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from common.settings import Registration, Settings
from common.starlette_app import CityApp
from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from idp_bridge_adapters.errors import CrossSite, SignedOut
from idp_bridge_adapters.principal import Principal
from reports.reports import KINDS, LONGEST, PLACES, Incomplete, Moved, Reports, Role
from reports.texts import TEXTS

Text = Annotated[str, Form()]


class App(CityApp):
    """Holds what the handlers share."""

    folder = Path(__file__).parent
    texts = TEXTS

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        super().__init__(settings, realms)
        self.reports = Reports()

    def where(self, request: Request) -> str:
        """The unit that a request is about."""
        number = request.path_params["number"]
        return self.reports.org_of(int(number)) if number.isdecimal() else ""

    async def visitor(self, request: Request) -> Principal | None:
        """Who is here; nobody is welcome too, but somebody without a role is told so."""
        try:
            return await self.sign_on.require_role()(request)
        except SignedOut:
            return None

    def home(self, request: Request, who: Principal | None, **context: Any) -> Response:
        scanned = request.query_params.get("place", "")
        shown = {
            "status": 200,
            "problem": None,
            "code": None,
            "followed": None,
            "written": {"kind": KINDS[0], "place": scanned, "text": ""},
            **context,
        }
        return self.own_page(
            request,
            "home.html",
            who,
            kinds=KINDS,
            all_places=PLACES.values(),
            longest=LONGEST,
            mine=self.reports.of_reporter(who) if who else [],
            reports=self.reports.of_worker(who) if who else [],
            may=lambda report: bool(who and who.may(Role.HANDLER, org=report.place.org)),
            **shown,
        )

    def check_origin(self, request: Request) -> None:
        """The sign-on sees to this for a session; here nobody is signed in."""
        if request.headers.get("origin") != self.settings.app_url:
            raise CrossSite("an anonymous form of another site")


def build(settings: Settings, realms: Mapping[str, Registration]) -> FastAPI:
    app = App(settings, realms)
    api = FastAPI(title="Reports", docs_url=None, redoc_url=None, openapi_url=None)
    app.sign_on.install(api)
    api.router.routes.extend(app.routes())
    _reporting(api, app)
    _handling(api, app)
    return api


def _reporting(api: FastAPI, app: App) -> None:
    Reporter = Annotated[Principal, Depends(app.sign_on.require_role(Role.REPORTER))]  # noqa: N806

    @api.get("/")
    async def home(request: Request) -> Response:
        return app.home(request, await app.visitor(request))

    @api.get("/anonymous")
    @api.get("/follow")
    async def elsewhere(request: Request) -> Response:
        """Where the language of an answer to a form is changed."""
        return RedirectResponse("/?" + request.url.query, 303)

    @api.post("/reports")
    async def sign(
        request: Request, who: Reporter, kind: Text, place: Text, text: Text = ""
    ) -> Response:
        try:
            app.reports.sign(who, kind, place, text)
        except Incomplete:
            return _again(app, request, who, {"kind": kind, "place": place, "text": text})
        return RedirectResponse("/", 303)

    @api.post("/anonymous")
    async def leave(request: Request, kind: Text, place: Text, text: Text = "") -> Response:
        """No session is read: nothing ties the report to whoever is signed in."""
        app.check_origin(request)
        try:
            code = app.reports.leave(kind, place, text)
        except Incomplete:
            return _again(app, request, None, {"kind": kind, "place": place, "text": text})
        # Shown once, and in the page only: an address would be kept by browsers and logs.
        return app.home(request, None, code=code)

    @api.post("/follow")
    async def follow(request: Request, code: Text = "") -> Response:
        app.check_origin(request)
        found = app.reports.followed_by(code)
        if found is None:
            return app.home(request, None, status=404, problem="unknown_code")
        return app.home(request, None, followed=found)


def _handling(api: FastAPI, app: App) -> None:
    handler = app.sign_on.require_role(Role.HANDLER, org=app.where)
    Handler = Annotated[Principal, Depends(handler)]  # noqa: N806 - a type

    @api.post("/reports/{number}/take")
    async def take(number: int, who: Handler) -> Response:
        app.reports.take(who, number)
        return RedirectResponse("/", 303)

    @api.post("/reports/{number}/close")
    async def close(request: Request, number: int, who: Handler, answer: Text = "") -> Response:
        try:
            app.reports.close(who, number, answer)
        except Incomplete:
            return app.home(request, who, status=400, problem="incomplete")
        return RedirectResponse("/", 303)

    @api.exception_handler(Moved)
    async def moved(request: Request, _error: Moved) -> Response:
        return app.home(request, await app.visitor(request), status=409, problem="moved")


def _again(
    app: App, request: Request, who: Principal | None, written: Mapping[str, str]
) -> Response:
    return app.home(request, who, status=400, problem="incomplete", written=written)
