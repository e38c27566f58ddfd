"""An app manifest as items: one client per realm, its roles, who is given them, its machines."""

from collections.abc import Iterator, Mapping
from typing import Any

from idp_bridge.keycloak.provisioning.app_client import app_client
from idp_bridge.keycloak.provisioning.app_roles import grant_items, role_items
from idp_bridge.keycloak.provisioning.app_saml import described
from idp_bridge.keycloak.provisioning.app_scopes import ClientScopes
from idp_bridge.keycloak.provisioning.app_state import STATE, State, set_state, state_of
from idp_bridge.keycloak.provisioning.clients import client_items
from idp_bridge.keycloak.provisioning.items import Membership
from idp_bridge.keycloak.provisioning.machines import machine_items
from idp_bridge.keycloak.provisioning.reconcile import Item
from idp_bridge.keycloak.provisioning.rest import AdminApi
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.parts import Realm


def app_items(
    api: AdminApi,
    realm: Realm,
    app: AppManifest,
    declared: Mapping[str, Any],
    *,
    admit: bool = False,
) -> Iterator[Item]:
    """What one manifest declares in ``realm``; ``declared`` is the realm's file.

    Reading goes on while items are applied: whom a role is given to is asked once the client is
    there and its state known. ``admit`` admits the app without a check, for our own examples.
    """
    base = f"/realms/{realm}"
    client = app_client(realm, app, declared, described(api, base, app))
    default, optional = client.pop("scopes"), client.pop("optional_scopes")
    initial = _initial(default, optional, "admitted" if admit else "draft")
    yield from client_items(api, base, {**client, "initial": initial})
    yield ClientScopes(api, base, app.client_id, tuple(default), tuple(optional))
    yield from role_items(api, base, app, realm)
    if admit:
        yield Membership(
            f"client {app.client_id} admitted",
            lambda: state_of(api, base, app.client_id) == "admitted",
            lambda: set_state(api, base, app.client_id, "admitted"),
        )
    if admit or state_of(api, base, app.client_id) == "admitted":
        yield from grant_items(api, base, app, realm)
    for machine in app.service_accounts:
        if machine.realm == realm:
            yield from machine_items(api, base, app, machine)


def _initial(default: list[str], optional: list[str], state: State) -> dict[str, Any]:
    """What a client is made with; whether it is enabled, and its state, are never declared."""
    return {
        "enabled": True,
        "attributes": {STATE: state},
        # Without them Keycloak adds its own, which would have to be taken away again.
        "defaultClientScopes": default,
        "optionalClientScopes": optional,
    }
