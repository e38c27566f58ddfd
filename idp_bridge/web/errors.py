"""What went wrong, told to a person as a page and to a machine as JSON."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from idp_bridge.core.errors import BridgeError, TooManyRequests
from idp_bridge.core.pages import Pages
from idp_bridge.web.requests import reader_from, wants_page


def error_response(
    pages: Pages, request: Request, error: BridgeError, reference: str = ""
) -> Response:
    """The answer to an error. ``reference`` is the request id, for a person to read out."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    if not wants_page(request):
        content = {"error": error.code, "error_description": error.public}
        return JSONResponse(content, error.status, headers)
    page = pages.render("error.html", reader_from(request), error=error, reference=reference)
    return HTMLResponse(page, error.status, headers)
