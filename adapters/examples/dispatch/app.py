"""The app's pages: dispatchers assign the events of their units, leaders see figures of theirs."""

from collections.abc import Mapping
from pathlib import Path

from common.settings import Registration, Settings
from common.starlette_app import CityApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatch.api import Api
from dispatch.events import CLASSES, FILINGS, TEAMS, Events, Role, Unknown
from dispatch.texts import TEXTS


class App(CityApp):
    """Holds what the handlers share. ``machines`` are the manifest's service accounts."""

    folder = Path(__file__).parent
    texts = TEXTS
    machines = ("city-dispatch",)

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        super().__init__(settings, realms)
        self.events = Events(FILINGS)
        self._somebody = self.sign_on.require_role()
        self._dispatcher = self.sign_on.require_role(Role.DISPATCHER, org=self._where)

    async def home(self, request: Request) -> Response:
        who = await self._somebody(request)
        return self.own_page(
            request,
            "home.html",
            who,
            events=self.events.of_dispatcher(who),
            figures=self.events.figures(who),
            classes=CLASSES,
            teams=TEAMS,
        )

    async def assign(self, request: Request) -> Response:
        who = await self._dispatcher(request)
        async with request.form(max_fields=4, max_files=0) as form:
            self.events.assign(who, request.path_params["number"], str(form.get("team", "")))
        return RedirectResponse("/", 303)

    async def unknown(self, request: Request, _error: Exception) -> Response:
        return self.page(
            request, "notice.html", status=400, notice="unknown", action="/", label="back"
        )

    def _where(self, request: Request) -> str:
        return self.events.org_of(request.path_params["number"])


def build(settings: Settings, realms: Mapping[str, Registration]) -> Starlette:
    app = App(settings, realms)
    starlette = Starlette(
        routes=[
            Route("/", app.home),
            Route("/events/{number:int}/assign", app.assign, methods=["POST"]),
            *Api(app.sign_on, app.events).routes(),
            *app.routes(),
        ],
        exception_handlers={Unknown: app.unknown},
    )
    app.sign_on.install(starlette)
    return starlette
