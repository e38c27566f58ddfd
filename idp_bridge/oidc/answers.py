"""How the OP answers: to a machine in JSON, to a person with a page, to a client by the browser."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from idp_bridge.core.authorization import AuthorizationResponse, location_of
from idp_bridge.core.errors import BridgeError, InvalidClient
from idp_bridge.core.pages import reader_of
from idp_bridge.oidc.provider import Endpoint, Provider

log = structlog.get_logger()

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def machine(content: Mapping[str, object], status: int = 200, **headers: str) -> Response:
    """JSON that nobody keeps."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = json.dumps(content, ensure_ascii=False)
    return Response(text, status, {**NO_STORE, **named}, media_type="application/json")


def for_machines(endpoint: Endpoint) -> Endpoint:
    """``endpoint`` with its errors as JSON (RFC 6749, 5.2)."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BridgeError as error:
            _note(request, error)
            content = {"error": error.code, "error_description": error.public}
            by_basic = isinstance(error, InvalidClient) and "authorization" in request.headers
            headers = {"WWW_Authenticate": 'Basic realm="idp-bridge"'} if by_basic else {}
            return machine(content, error.status, **headers)

    return answer


def for_people(op: Provider, endpoint: Endpoint) -> Endpoint:
    """``endpoint`` with its errors as a page in the person's language."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BridgeError as error:
            _note(request, error)
            return page(op, request, "error.html", error.status, error=error, reference="")

    return answer


def _note(request: Request, error: BridgeError) -> None:
    # The reason is for the operator only; it never holds a value of the request.
    log.info("op_refused", path=request.url.path, error=error.code, reason=str(error))


def page(
    op: Provider, request: Request, template: str, status: int = 200, **context: object
) -> Response:
    """A page of ours."""
    query = request.url.query
    here = request.url.path + (f"?{query}" if query else "")
    # The way back after a change of language goes by GET.
    here = here if request.method == "GET" else "/"
    reader = reader_of(request.headers, request.cookies, request.query_params, here)
    return HTMLResponse(op.pages.render(template, reader, **context), status, NO_STORE)


def to_client(op: Provider, request: Request, response: AuthorizationResponse) -> Response:
    """Send the browser to the client with ``response``."""
    if response.response_mode == "query":
        return RedirectResponse(location_of(response, op.issuer), 303, NO_STORE)
    fields = {**response.params, "iss": op.issuer}
    answer = page(op, request, "oidc/form_post.html", action=response.redirect_uri, fields=fields)
    # The form goes to the client, and on from there to wherever the client sends the browser.
    answer.headers["Content-Security-Policy"] = form_policy("*")
    return answer


def form_policy(*targets: str) -> str:
    """The policy of a page with a form; browsers hold redirects after it to the targets as well."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " font-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action {' '.join(targets)}"
    )


def origin_of(uri: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
