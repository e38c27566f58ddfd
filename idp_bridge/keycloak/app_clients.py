"""Writes single settings of an app's client at Keycloak and leaves the others alone."""

from collections.abc import Mapping
from typing import Any

from idp_bridge.core.errors import NotFound
from idp_bridge.keycloak.admin import AdminApi


class KeycloakAppClients:
    """``AppClients`` over the Admin API of each realm."""

    def __init__(self, apis: Mapping[str, AdminApi]) -> None:
        self._apis = apis

    async def write(
        self,
        realm: str,
        client_id: str,
        attributes: Mapping[str, str],
        redirect_uris: tuple[str, ...] | None,
    ) -> None:
        api = self._apis[realm]
        rows = await api.list("clients", clientId=client_id)
        row = next((row for row in rows if row["clientId"] == client_id), None)
        # Nothing but an app: the bridge's own clients are not written from a page.
        if row is None or (row.get("attributes") or {}).get("bridge.app") != "true":
            raise NotFound(f"{realm} has no app {client_id!r}")
        # Keycloak keeps every attribute that a change does not name; an empty one is removed.
        change: dict[str, Any] = {"clientId": client_id, "attributes": dict(attributes)}
        if redirect_uris is not None:
            change["redirectUris"] = list(redirect_uris)
        await api.ask(lambda admin: admin.a_update_client(row["id"], change))
