"""What the Starlette and FastAPI examples with our SDK share: sign-on, language, pages, whoami."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from common.pages import Pages, Texts, language
from common.places import place
from common.settings import Registration, Settings
from common.sign_on import around, described, facts, notices, places_of
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.sdk.starlette import SignOn


class CityApp:
    """``folder`` holds the app's templates; ``machines`` may call its API."""

    folder: Path
    texts: Texts
    machines: tuple[str, ...] = ()

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        self.settings = settings
        self.pages = Pages(self.folder, self.texts)
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

    async def signed_out(self, request: Request) -> Response:
        return self.page(request, "notice.html", notice="signed_out", action="/", label="again")

    async def healthy(self, _request: Request) -> Response:
        return JSONResponse({"ready": True})

    def language(self, request: Request) -> str:
        return language(
            request.query_params.get("lang"),
            request.cookies.get(f"{self.settings.cookie}-lang"),
            request.headers.get("accept-language"),
        )

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
