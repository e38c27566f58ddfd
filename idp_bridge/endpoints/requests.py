"""What every endpoint reads from a request: how the person reads, and parameters given once."""

from collections.abc import Iterable

from starlette.requests import Request

from idp_bridge.core.errors import InvalidRequest
from idp_bridge.core.pages import Reader, reader_of


def reader_from(request: Request) -> Reader:
    """How the person behind ``request`` reads."""
    query = request.url.query
    here = request.url.path + (f"?{query}" if query else "")
    return reader_of(request.headers, request.cookies, request.query_params, here)


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name. Raises ``InvalidRequest`` for one given twice (parameter pollution)."""
    given = list(pairs)
    said = dict(given)
    if len(said) != len(given):
        raise InvalidRequest("a parameter was given twice")
    return said
