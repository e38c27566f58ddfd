"""What went wrong, told to a person as a page and to a machine as JSON."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from idp_bridge.core.errors import BridgeError, TooManyRequests
from idp_bridge.core.pages import Pages, Reader
from idp_bridge.incoming import reader_from
from idp_bridge.web.language import translator
from idp_bridge.web.requests import wants_page


def error_response(
    pages: Pages, request: Request, error: BridgeError, reference: str = ""
) -> Response:
    """The answer to an error. ``reference`` is the request id, for a person to read out."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    reader = reader_from(request)
    if not wants_page(request):
        return JSONResponse(_told(error, reader), error.status, headers)
    page = pages.render("error.html", reader, error=error, reference=reference)
    return HTMLResponse(page, error.status, headers)


def _told(error: BridgeError, reader: Reader) -> dict[str, object]:
    """``message`` is what a page of ours shows to the person behind a script's request."""
    t = translator(reader.language)
    told: dict[str, object] = {
        "error": error.code,
        "error_description": error.public,
        "message": t(f"errors.{error.code}.title"),
        "advice": t(f"errors.{error.code}.advice"),
    }
    if isinstance(error, TooManyRequests):
        told["retry_after"] = error.retry_after
    return told
