"""Whose client an id is: a manifest lays hands on no client that is another's.

Otherwise one app's manifest could rewrite a portal, give a secret of its own to the bridge's or to
another app's machine, or have a client deleted by not naming its realm. A client that somebody made
by hand may become an app's.
"""

from collections.abc import Mapping
from typing import Any

from idp_bridge.keycloak.provisioning.clients import client_at
from idp_bridge.keycloak.provisioning.machines import MACHINE_OF
from idp_bridge.keycloak.provisioning.rest import AdminApi, AdminApiError, Document
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.parts import Realm

_KEYCLOAKS_OWN = frozenset(
    {
        "account",
        "account-console",
        "admin-cli",
        "broker",
        "realm-management",
        "security-admin-console",
    }
)


def refuse_foreign(
    api: AdminApi, realm: Realm, app: AppManifest, declared: Mapping[str, Any]
) -> None:
    """Raises ``AdminApiError`` for an id in the manifest that is another's at Keycloak.

    ``declared`` is the realm's file, with the bridge's own clients.
    """
    reserved = {*_KEYCLOAKS_OWN, *(client["client_id"] for client in declared["clients"])}
    machines = [machine.id for machine in app.service_accounts if machine.realm == realm]
    for client_id in (app.client_id, *machines):
        may_be = _may_be_machine if client_id in machines else _may_be_app
        client = client_at(api, f"/realms/{realm}", client_id)
        if client_id in reserved or (client and not may_be(client, app)):
            raise AdminApiError(
                f"{realm}: the client {client_id} is not one of the app {app.id}: choose another id"
            )


def _may_be_app(client: Document, app: AppManifest) -> bool:
    said = client.get("attributes") or {}
    if said.get(MACHINE_OF):
        return False
    return said.get("bridge.app") != "true" or (said.get("bridge.id") or app.client_id) == app.id


def _may_be_machine(client: Document, app: AppManifest) -> bool:
    return (client.get("attributes") or {}).get(MACHINE_OF) == app.client_id
