"""An app manifest as items: one client per realm, its roles, and which realm roles carry them."""

from collections.abc import Iterator, Mapping
from typing import Any

from idp_bridge.keycloak.provisioning.clients import client_at, client_items
from idp_bridge.keycloak.provisioning.items import Membership, Resource, by, flat
from idp_bridge.keycloak.provisioning.reconcile import Item
from idp_bridge.keycloak.provisioning.rest import AdminApi, part
from idp_bridge.keycloak.provisioning.sources import AppManifest, AppRole, Realm


def app_items(
    api: AdminApi, realm: Realm, app: AppManifest, defaults: Mapping[str, Any]
) -> Iterator[Item]:
    """What one manifest declares in ``realm``; ``defaults`` are the realm file's ``apps``."""
    base = f"/realms/{realm}"
    yield from client_items(api, base, _client(realm, app, defaults))
    for role, declared in app.roles[realm].items():
        yield from _role(api, base, (app.id, role), declared)


def _client(realm: Realm, app: AppManifest, defaults: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        "bridge.app": "true",
        "bridge.name.zh": app.names["zh"],
        "bridge.name.en": app.names["en"],
        "bridge.group": app.group,
        "bridge.icon": app.icon,
        "bridge.protocol": app.protocol,
        "bridge.url": app.url[realm],
        "backchannel.logout.url": app.backchannel_logout_url,
        "post.logout.redirect.uris": "##".join(app.post_logout_redirect_uris),
    }
    if app.minimum_acr:
        attributes["minimum.acr.value"] = app.minimum_acr
    return {
        **defaults,
        "client_id": app.id,
        "name": app.names["zh"],
        "enabled": True,
        "secret": app.secret[realm],
        "redirectUris": list(app.redirect_uris[realm]),
        "attributes": {**defaults.get("attributes", {}), **attributes},
        "mappers": [_filled(mapper, app) for mapper in defaults["mappers"]],
    }


def _filled(mapper: Mapping[str, Any], app: AppManifest) -> dict[str, Any]:
    # The audience and role mappers name the client they serve.
    config = {k: app.id if v == "@app" else v for k, v in mapper["config"].items()}
    return {**mapper, "config": config}


def _role(api: AdminApi, base: str, named: tuple[str, str], declared: AppRole) -> Iterator[Item]:
    client_id, role = named

    def roles() -> str:
        client = client_at(api, base, client_id) or {"id": "none"}
        return f"{base}/clients/{client['id']}/roles"

    names = {f"name.{language}": [name] for language, name in declared.names.items()}
    yield Resource(
        api,
        f"client {client_id} role {role}",
        roles,
        find=lambda: api.get(f"{roles()}/{part(role)}"),
        address=lambda _: f"{roles()}/{part(role)}",
        fields=flat({"description": declared.names["zh"], "attributes": names}),
        fixed={"name": role},
    )
    for holder in declared.held_by:
        path = f"{base}/roles/{part(holder)}/composites"
        yield Membership(
            f"role {holder} gives {client_id}/{role}",
            lambda path=path: _has(api.get(path), roles(), api, role),  # type: ignore[misc]
            lambda path=path: api.post(path, [api.get(f"{roles()}/{part(role)}")]),  # type: ignore[misc]
        )


def _has(composites: Any, roles: str, api: AdminApi, role: str) -> bool:
    wanted = api.get(f"{roles}/{part(role)}")
    return wanted is not None and by(composites, "id", wanted["id"]) is not None
