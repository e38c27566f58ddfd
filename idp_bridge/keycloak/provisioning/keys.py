"""Keys of a realm that have to be there before the first sign-in."""

from collections.abc import Mapping
from typing import Any

from idp_bridge.keycloak.provisioning.directory import component
from idp_bridge.keycloak.provisioning.items import Resource, by
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document

_KEYS = "org.keycloak.keys.KeyProvider"


def key_item(api: AdminApi, realm: str, key: Mapping[str, Any]) -> Resource:
    """A key provider. Keycloak would make a missing key inside the very sign-in that signs with
    it, and publish it too late: the first person would be turned away."""
    base = f"/realms/{realm}"

    def held() -> Document | None:
        return by(api.get(f"{base}/components?type={_KEYS}"), "name", key["name"])

    def parent() -> str:
        return str((api.get(base) or {"id": ""})["id"])

    made = {"type": _KEYS, "of": parent}
    return component(api, base, f"key {key['name']}", held, key, made)
