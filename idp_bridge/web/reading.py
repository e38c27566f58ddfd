"""Static files and the switches for language and type size, alike on every origin."""

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.errors import NotFound
from idp_bridge.core.pages import LANGUAGE_COOKIE, LANGUAGES, TYPE_COOKIE
from idp_bridge.web.pages import STATIC
from idp_bridge.web.requests import path_on_this_origin

_YEAR = 365 * 86400
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}


def routes() -> list[BaseRoute]:
    """``/static/...`` and ``/reading``."""
    return [Route("/static/{path:path}", static_file), Route("/reading", reading)]


async def static_file(request: Request) -> Response:
    """A file as it is in the package; kept for a year when asked for by its fingerprint."""
    file = (STATIC / request.path_params["path"]).resolve()
    if not file.is_relative_to(STATIC) or file.suffix not in _TYPES or not file.is_file():
        raise NotFound("no such static file")
    kept = f"public, max-age={_YEAR}, immutable" if "v" in request.query_params else "no-cache"
    return FileResponse(
        file,
        media_type=_TYPES[file.suffix],
        headers={"Cache-Control": kept, "X-Content-Type-Options": "nosniff"},
    )


async def reading(request: Request) -> Response:
    """Remember how the person reads and go back to the page they were on."""
    wish = request.query_params
    answer = RedirectResponse(_without_language(wish.get("back", "/")), 303)
    if (language := wish.get("language", "")) in LANGUAGES:
        _remember(answer, LANGUAGE_COOKIE, language)
    if (size := wish.get("type", "")) in ("large", "normal"):
        _remember(answer, TYPE_COOKIE, size)
    return answer


def _remember(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(
        name, value, max_age=_YEAR, path="/", secure=True, httponly=True, samesite="lax"
    )


def _without_language(back: str) -> str:
    # A language named in the address would win over the cookie that was just set.
    path, _, query = path_on_this_origin(back).partition("?")
    kept = [p for p in query.split("&") if p and p.split("=")[0] not in ("lang", "ui_locales")]
    return path + ("?" + "&".join(kept) if kept else "")
