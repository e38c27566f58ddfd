"""LDAP federation: the user storage component and its mappers."""

from collections.abc import Iterator, Mapping
from typing import Any

from idp_bridge.keycloak.provisioning.items import Resource, by
from idp_bridge.keycloak.provisioning.reconcile import Item
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document

_STORAGE = "org.keycloak.storage.UserStorageProvider"
_MAPPER = "org.keycloak.storage.ldap.mappers.LDAPStorageMapper"


def federation_items(api: AdminApi, realm: str, ldap: Mapping[str, Any]) -> Iterator[Item]:
    """The LDAP component; mappers that Keycloak makes by itself are adjusted, not doubled."""
    name = ldap["name"]
    base = f"/realms/{realm}"

    def storage() -> Document | None:
        return by(api.get(f"{base}/components?type={_STORAGE}"), "name", name)

    def parent() -> str:
        return str((api.get(base) or {"id": ""})["id"])

    yield component(api, base, f"ldap {name}", storage, ldap, {"type": _STORAGE, "of": parent})
    for mapper in ldap["mappers"]:
        yield component(
            api,
            base,
            f"ldap {name} mapper {mapper['name']}",
            lambda wanted=mapper["name"]: by(_children(api, base, storage()), "name", wanted),
            mapper,
            {"type": _MAPPER, "of": lambda: str((storage() or {"id": ""})["id"])},
        )


def _children(api: AdminApi, base: str, storage: Document | None) -> list[Document]:
    if storage is None:
        return []
    listed: list[Document] = api.get(f"{base}/components?parent={storage['id']}") or []
    return listed


def component(
    api: AdminApi, base: str, label: str, find: Any, declared: Mapping[str, Any], made: Any
) -> Resource:
    config = {f"config/{key}": [_text(value)] for key, value in declared["config"].items()}
    return Resource(
        api,
        label,
        f"{base}/components",
        find=find,
        address=lambda found: f"{base}/components/{found['id']}",
        fields=config,
        fixed={
            "name": declared["name"],
            "providerId": declared["providerId"],
            "providerType": made["type"],
            "parentId": made["of"],
        },
        write_only=frozenset({"config/bindCredential"} & config.keys()),
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
