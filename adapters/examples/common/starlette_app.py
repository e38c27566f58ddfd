"""What the Starlette and FastAPI examples with our SDK share: sign-on, own pages, whoami."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.places import place
from common.settings import Registration, Settings
from common.sign_on import around, described, facts, notices, places_of
from common.starlette_pages import PagesApp
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.sdk.starlette import SignOn


class CityApp(PagesApp):
    """``machines`` may call its API."""

    machines: tuple[str, ...] = ()

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        super().__init__(settings)
        self.sign_on = SignOn(
            replace(described(settings, realms), machines=self.machines),
            page=notices(self.pages, settings),
            around=around(settings),
        )

    def routes(self) -> list[Route]:
        return [
            Route("/whoami", self.whoami),
            Route("/signed-out", self.signed_out),
            Route("/healthz", self.healthy),
        ]

    async def whoami(self, request: Request) -> Response:
        return JSONResponse(facts(await self.sign_on.require_role()(request)))

    def own_page(
        self, request: Request, template: str, who: Principal | None, **context: Any
    ) -> Response:
        """A page for ``who``, with readable places; ``None`` is somebody who did not sign in."""
        chosen = self.language(request)
        return self.page(
            request,
            template,
            person=who,
            places=places_of(who, chosen) if who else [],
            place_of=lambda org: place(org, chosen),
            **context,
        )
