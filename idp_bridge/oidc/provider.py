"""What the endpoints work with: ports of the core, keys and clients of one OpenID Provider."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.authorization import Authorizations
from idp_bridge.core.clients import Clients
from idp_bridge.core.clock import Clock
from idp_bridge.core.grants import Grants
from idp_bridge.core.logout import Logout
from idp_bridge.core.op_sessions import OpSessions
from idp_bridge.core.pages import Pages
from idp_bridge.core.relying_party import RelyingParty
from idp_bridge.core.revocations import Revocations
from idp_bridge.oidc.client_auth import ClientAuthentication
from idp_bridge.oidc.keys import KeySet

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One OpenID Provider. ``sign_in_at`` holds the relying party ``bridge-sign-in`` by realm."""

    issuer: str
    clients: Clients
    client_authentication: ClientAuthentication
    keys: KeySet
    authorizations: Authorizations
    sessions: OpSessions
    logout: Logout
    grants: Grants
    revocations: Revocations
    accounts: Accounts
    pages: Pages
    clock: Clock
    sign_in_at: Mapping[str, RelyingParty]
