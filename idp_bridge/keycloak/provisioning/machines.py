"""Service accounts of an app: clients of machines that call it, limited to its roles and org units.

A machine holds no realm role and is in no group: which org units its roles are for is said by its
token, in the same claim and the same form as a person's posts.
"""

import json
from collections.abc import Iterator
from typing import Any

from idp_bridge.keycloak.provisioning.app_scopes import ClientScopes
from idp_bridge.keycloak.provisioning.clients import client_items
from idp_bridge.keycloak.provisioning.reconcile import Item
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document
from idp_bridge.manifests.manifest import AppManifest, ServiceAccount

MACHINE_OF = "bridge.machine.of"
_SCOPES = ("acr", "basic")


def machine_items(
    api: AdminApi, base: str, app: AppManifest, machine: ServiceAccount
) -> Iterator[Item]:
    """The machine's client, what its token says, and its roles in the app."""
    client: dict[str, Any] = {
        "client_id": machine.id,
        "name": f"{app.names.zh} {machine.id}",
        "initial": {
            "enabled": True,
            "defaultClientScopes": list(_SCOPES),
            "optionalClientScopes": [],
        },
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": True,
        "fullScopeAllowed": False,
        "attributes": {MACHINE_OF: app.client_id, "access.token.lifespan": 300},
        "mappers": [_audience(app), _roles(app), _orgs(machine)],
        "service_roles": {app.client_id: list(machine.roles)},
        "scope_roles": {app.client_id: list(machine.roles)},
    }
    if machine.secret:
        client["secret"] = machine.secret
    yield from client_items(api, base, client)
    yield ClientScopes(api, base, machine.id, _SCOPES, ())


def machines_of(api: AdminApi, base: str, client_id: str) -> list[Document]:
    """The clients of the app's machines."""
    clients: list[Document] = api.get(f"{base}/clients?max=10000") or []
    return [c for c in clients if c.get("attributes", {}).get(MACHINE_OF) == client_id]


def _audience(app: AppManifest) -> dict[str, Any]:
    config = {"included.client.audience": app.client_id, "access.token.claim": True}
    return {"name": "audience", "protocolMapper": "oidc-audience-mapper", "config": config}


def _roles(app: AppManifest) -> dict[str, Any]:
    config = {
        "usermodel.clientRoleMapping.clientId": app.client_id,
        "claim.name": "resource_access.${client_id}.roles",
        "jsonType.label": "String",
        "multivalued": True,
        "access.token.claim": True,
        "introspection.token.claim": True,
    }
    mapper = "oidc-usermodel-client-role-mapper"
    return {"name": "app roles", "protocolMapper": mapper, "config": config}


def _orgs(machine: ServiceAccount) -> dict[str, Any]:
    posts = sorted(f"{org}/{role}" for org in machine.orgs for role in machine.roles)
    config = {
        "claim.name": "groups",
        "claim.value": json.dumps(posts, ensure_ascii=False),
        "jsonType.label": "JSON",
        "access.token.claim": True,
        "introspection.token.claim": True,
    }
    mapper = "oidc-hardcoded-claim-mapper"
    return {"name": "org units", "protocolMapper": mapper, "config": config}
