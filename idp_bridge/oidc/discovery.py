"""What the OP can do, for clients to read (OpenID Connect Discovery 1.0, RFC 8414)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from idp_bridge.core.levels import RANKS
from idp_bridge.oidc import client_auth
from idp_bridge.oidc.keys import ALGORITHMS
from idp_bridge.oidc.provider import Endpoint, Provider
from idp_bridge.oidc.requests import CLAIMS

_ID_TOKEN_CLAIMS = ("iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid")


def metadata(issuer: str) -> dict[str, object]:
    """The provider metadata."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "end_session_endpoint": f"{issuer}/end_session",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": ["openid", "profile"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": [
            "private_key_jwt",
            "client_secret_basic",
            "client_secret_post",
        ],
        "token_endpoint_auth_signing_alg_values_supported": list(client_auth.ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page", "popup", "touch"],
        "acr_values_supported": [name for name, rank in RANKS.items() if rank > 0],
        "claim_types_supported": ["normal"],
        "claims_supported": [*CLAIMS, *_ID_TOKEN_CLAIMS],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "ui_locales_supported": ["zh", "en"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def discovery(op: Provider) -> Endpoint:
    """``/.well-known/openid-configuration``."""
    document = metadata(op.issuer)

    async def endpoint(request: Request) -> Response:
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=300"})

    return endpoint
