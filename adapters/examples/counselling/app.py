"""The app's pages: residents book an hour, counsellors confirm those of their own rooms."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from common.settings import Registration, Settings
from common.starlette_app import CityApp
from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from counselling.bookings import HOURS, TOPICS, Bookings, Role, Taken
from counselling.texts import TEXTS
from idp_bridge_adapters.principal import Principal


class App(CityApp):
    """Holds what the handlers share."""

    folder = Path(__file__).parent
    texts = TEXTS

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        super().__init__(settings, realms)
        self.bookings = Bookings(HOURS)

    def room(self, request: Request) -> str:
        """The unit whose room a request is about."""
        return self.bookings.org_of(request.path_params["hour"])

    def home(self, request: Request, who: Principal, *, taken: bool = False) -> Response:
        return self.own_page(
            request,
            "home.html",
            who,
            status=409 if taken else 200,
            taken=taken,
            rooms=self.bookings.of_counsellor(who),
            mine=self.bookings.of_client(who),
            hours=self.bookings.free(),
            topics=TOPICS,
        )


def build(settings: Settings, realms: Mapping[str, Registration]) -> FastAPI:
    app = App(settings, realms)
    api = FastAPI(title="Counselling booking", docs_url=None, redoc_url=None, openapi_url=None)
    app.sign_on.install(api)
    api.router.routes.extend(app.routes())
    _pages(api, app)
    return api


def _pages(api: FastAPI, app: App) -> None:
    require = app.sign_on.require_role
    Somebody = Annotated[Principal, Depends(require())]  # noqa: N806 - a type
    Client = Annotated[Principal, Depends(require(Role.CLIENT))]  # noqa: N806
    Here = Annotated[Principal, Depends(require(Role.COUNSELLOR, org=app.room))]  # noqa: N806

    @api.get("/")
    async def home(request: Request, who: Somebody) -> Response:
        return app.home(request, who)

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
