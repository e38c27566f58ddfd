"""What every page reads from a request: how the person reads, and whether it is a person."""

from starlette.requests import Request

from idp_bridge.core.pages import Reader, reader_of


def reader_from(request: Request) -> Reader:
    """How the person behind ``request`` reads."""
    query = request.url.query
    here = request.url.path + (f"?{query}" if query else "")
    return reader_of(request.headers, request.cookies, request.query_params, here)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, as against a script or a machine."""
    return "text/html" in request.headers.get("accept", "")


def path_on_this_origin(path: str) -> str:
    """``path`` if it is certain to stay on this origin, else ``/``.

    Browsers read ``//host`` and ``/\\host`` as another host, and drop tabs and line ends before
    reading: only printable ASCII without a backslash passes.
    """
    plain = path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"
