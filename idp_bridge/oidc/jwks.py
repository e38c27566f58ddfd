"""The public keys. They may be kept for a short time only, so that a new key is seen soon."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from idp_bridge.oidc.provider import Endpoint, Provider


def jwks(op: Provider) -> Endpoint:
    """``/jwks``."""

    async def endpoint(request: Request) -> Response:
        return JSONResponse(op.keys.jwks(), headers={"Cache-Control": "public, max-age=60"})

    return endpoint
