"""The OP's addresses."""

from starlette.routing import BaseRoute, Route

from idp_bridge.oidc.answers import for_machines, for_people
from idp_bridge.oidc.authorize import authorize, kept_answer
from idp_bridge.oidc.discovery import discovery
from idp_bridge.oidc.end_session import confirmed, end_session
from idp_bridge.oidc.jwks import jwks
from idp_bridge.oidc.keycloak_sign_in import come_back, keycloak_logout, leave
from idp_bridge.oidc.provider import Endpoint, Provider
from idp_bridge.oidc.token import token
from idp_bridge.oidc.userinfo import userinfo

WELL_KNOWN = "/.well-known/openid-configuration"


def build(op: Provider) -> list[BaseRoute]:
    """Every route of ``op``; they belong on the OP origin only."""

    def page(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, for_people(op, endpoint), methods=list(methods))

    def api(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, for_machines(endpoint), methods=list(methods))

    return [
        api(WELL_KNOWN, discovery(op), "GET"),
        api("/jwks", jwks(op), "GET"),
        page("/authorize", authorize(op), "GET", "POST"),
        page("/authorize/answer", kept_answer(op), "GET"),
        api("/token", token(op), "POST"),
        api("/userinfo", userinfo(op), "GET", "POST"),
        page("/end_session", end_session(op), "GET", "POST"),
        page("/end_session/confirm", confirmed(op), "POST"),
        page("/sign-in/keycloak", leave(op), "GET"),
        page("/sign-in/callback", come_back(op), "GET"),
        api("/backchannel-logout", keycloak_logout(op), "POST"),
    ]
