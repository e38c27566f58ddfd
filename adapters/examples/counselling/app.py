"""The app's pages: residents book an hour, counsellors confirm those of their own rooms."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from common.pages import Pages, language
from common.places import place
from common.settings import Registration, Settings
from common.sign_on import around, described, facts, notices, places_of
from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from counselling.bookings import HOURS, TOPICS, Bookings, Role, Taken
from counselling.texts import TEXTS
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.sdk.starlette import SignOn


class App:
    """Holds what the handlers share."""

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        self.settings = settings
        self.pages = Pages(Path(__file__).parent, TEXTS)
        self.sign_on = SignOn(
            described(settings, realms),
            page=notices(self.pages, settings),
            around=around(settings),
        )
        self.bookings = Bookings(HOURS)

    def room(self, request: Request) -> str:
        """The unit whose room a request is about."""
        return self.bookings.org_of(request.path_params["hour"])

    def home(self, request: Request, who: Principal, *, taken: bool = False) -> Response:
        chosen = self.language(request)
        return self.page(
            request,
            "home.html",
            status=409 if taken else 200,
            taken=taken,
            person=who,
            places=places_of(who, chosen),
            place_of=lambda org: place(org, chosen),
            rooms=self.bookings.of_counsellor(who),
            mine=self.bookings.of_client(who),
            hours=self.bookings.free(),
            topics=TOPICS,
        )

    def language(self, request: Request) -> str:
        return language(
            request.query_params.get("lang"),
            request.cookies.get(f"{self.settings.cookie}-lang"),
            request.headers.get("accept-language"),
        )

    def page(
        self, request: Request, template: str, *, status: int = 200, **context: Any
    ) -> Response:
        chosen = self.language(request)
        answer = HTMLResponse(self.pages.render(template, chosen, **context), status)
        answer.headers["Cache-Control"] = "no-store"
        if "lang" in request.query_params:
            name = f"{self.settings.cookie}-lang"
            answer.set_cookie(name, chosen, 31_536_000, secure=True, httponly=True, samesite="lax")
        return answer


def build(settings: Settings, realms: Mapping[str, Registration]) -> FastAPI:
    app = App(settings, realms)
    api = FastAPI(title="Counselling booking", docs_url=None, redoc_url=None, openapi_url=None)
    app.sign_on.install(api)
    _pages(api, app)
    _changes(api, app)
    return api


def _pages(api: FastAPI, app: App) -> None:
    Somebody = Annotated[Principal, Depends(app.sign_on.require_role())]  # noqa: N806 - a type

    @api.get("/")
    async def home(request: Request, who: Somebody) -> Response:
        return app.home(request, who)

    @api.get("/whoami")
    async def whoami(who: Somebody) -> Response:
        return JSONResponse(facts(who))

    @api.get("/signed-out")
    async def signed_out(request: Request) -> Response:
        return app.page(request, "notice.html", notice="signed_out", action="/", label="again")

    @api.get("/healthz")
    async def healthy() -> Response:
        return JSONResponse({"ready": True})


def _changes(api: FastAPI, app: App) -> None:
    require = app.sign_on.require_role
    Client = Annotated[Principal, Depends(require(Role.CLIENT))]  # noqa: N806 - a type
    Here = Annotated[Principal, Depends(require(Role.COUNSELLOR, org=app.room))]  # noqa: N806

    @api.post("/hours/{hour}/book")
    async def book(hour: str, topic: Annotated[str, Form()], who: Client) -> Response:
        app.bookings.book(who, hour, topic)
        return RedirectResponse("/", 303)

    @api.post("/hours/{hour}/cancel")
    async def cancel(hour: str, who: Client) -> Response:
        app.bookings.cancel(who, hour)
        return RedirectResponse("/", 303)

    @api.post("/hours/{hour}/confirm")
    async def confirm(hour: str, who: Here) -> Response:
        app.bookings.confirm(who, hour)
        return RedirectResponse("/", 303)

    @api.exception_handler(Taken)
    async def taken(request: Request, _error: Taken) -> Response:
        return app.home(request, await app.sign_on.current(request), taken=True)
