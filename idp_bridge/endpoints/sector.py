"""The sector document of pairwise subjects: what Keycloak asks for when an app is on several hosts.

With such a document Keycloak lets one client have addresses on several hosts and still computes
one subject for all of them (OpenID Connect Core, 8.1). Which addresses an app has is decided by
its administrator at Keycloak, so the document allows every web address; the subject differs by app
all the same, for each client has a salt of its own.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATH = "/apps/sector.json"


def sector_route() -> Route:
    """The document's route."""
    return Route(PATH, _document)


async def _document(_: Request) -> Response:
    return JSONResponse(["https://*", "http://*"])
