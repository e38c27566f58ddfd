"""What the edges read from a request alike: how the person reads, and parameters given once."""

from collections.abc import Iterable

from starlette.requests import Request

from idp_bridge.core.errors import InvalidRequest
from idp_bridge.core.pages import Reader, reader_of

LARGEST = 32 * 1024
_FORM = "application/x-www-form-urlencoded"


def reader_from(request: Request) -> Reader:
    """How the person behind ``request`` reads."""
    query = request.url.query
    here = request.url.path + (f"?{query}" if query else "")
    return reader_of(request.headers, request.cookies, request.query_params, here)


def parameters_of(request: Request) -> dict[str, str]:
    """The query's parameters. Raises ``InvalidRequest`` for one given twice."""
    return single(request.query_params.multi_items())


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name. Raises ``InvalidRequest`` for one given twice (parameter pollution)."""
    given = list(pairs)
    said = dict(given)
    if len(said) != len(given):
        raise InvalidRequest("a parameter was given twice")
    return said


async def form_text(request: Request) -> str:
    """The form body as it was sent. Raises ``InvalidRequest`` for another kind or size of body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise InvalidRequest("not a form")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise InvalidRequest("too large")
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidRequest("not a form") from None
