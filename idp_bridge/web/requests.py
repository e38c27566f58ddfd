"""What pages read from a request: whether a person asks, and where to go on to."""

from starlette.requests import Request


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
