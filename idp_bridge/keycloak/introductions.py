"""What Keycloak would say of an account to one client, without a sign-in at that client.

Keycloak evaluates the client's own scopes and mappers: roles, pairwise subject and released claims
are what its ID token would hold, not computed a second time.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from idp_bridge.core.apps import App
from idp_bridge.keycloak.admin import AdminApi, is_id


class KeycloakIntroductions:
    """``Introductions`` over the Admin API of each realm."""

    def __init__(self, apis: Mapping[str, AdminApi]) -> None:
        self._apis = apis

    async def claims(self, app: App, account: str) -> Mapping[str, Any]:
        """The claims; empty for an account that is disabled or gone."""
        if not is_id(account):
            return {}
        api = self._apis[app.realm]
        person = await api.document(f"users/{account}")
        clients = await api.list("clients", clientId=app.client_id)
        if person.get("enabled") is not True or not clients:
            return {}
        evaluation = f"clients/{clients[0]['id']}/evaluate-scopes/generate-example-id-token"
        said = await api.document(f"{evaluation}?scope=openid&userId={quote(account, safe='')}")
        return said if said.get("sub") else {}
