"""In the local network: how a phone comes to trust this stack's certificate authority.

Plain HTTP, because the phone trusts nothing yet. It holds the authority's certificate and the
steps, and nothing else.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from idp_bridge.local.pages import files_routes, rendered
from idp_bridge.local.plan import Plan


def trust_app(plan: Plan) -> Starlette:
    """The page and the certificate."""

    async def page(request: Request) -> Response:
        return rendered(request, "trust.html", start=plan.origins.start)

    async def certificate(request: Request) -> Response:
        # The type that makes phones offer to install it.
        assert plan.origins.ca_file is not None
        return FileResponse(plan.origins.ca_file, media_type="application/x-x509-ca-cert")

    return Starlette(
        routes=[Route("/", page), Route("/idp-bridge-ca.crt", certificate), *files_routes()]
    )
