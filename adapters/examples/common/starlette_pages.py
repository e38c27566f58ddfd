"""What every Starlette example shares, whoever signs people in: language, pages and notices."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from common.pages import Pages, Texts, language
from common.settings import Settings


class PagesApp:
    """``folder`` holds the app's templates."""

    folder: Path
    texts: Texts

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pages = Pages(self.folder, self.texts)

    async def signed_out(self, request: Request) -> Response:
        return self.notice(request, "signed_out", "/", "again")

    async def healthy(self, _request: Request) -> Response:
        return JSONResponse({"ready": True})

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

    def notice(
        self, request: Request, notice: str, action: str, label: str, **context: Any
    ) -> Response:
        return self.page(
            request, "notice.html", notice=notice, action=action, label=label, **context
        )
