"""The org tree as groups, and posts: leaf groups that carry the realm role they are named after."""

from collections.abc import Iterator, Mapping
from typing import Any

from idp_bridge.keycloak.provisioning.items import Membership, Resource, by, flat
from idp_bridge.keycloak.provisioning.reconcile import Item
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document, part


def group_items(
    api: AdminApi, base: str, groups: list[Mapping[str, Any]], parent: str = ""
) -> Iterator[Item]:
    """Units first, then the posts in them, from the top down."""
    for group in groups:
        path = f"{parent}/{group['name']}"
        attributes = {key: [value] for key, value in group.get("attributes", {}).items()}
        yield _group(api, base, path, {"attributes": attributes})
        for role in group.get("posts", []):
            yield from _post(api, base, path, role)
        yield from group_items(api, base, group.get("units", []), path)


def group_at(api: AdminApi, base: str, path: str) -> Document | None:
    """The group with the full ``path``."""
    segments = "/".join(part(segment) for segment in path.strip("/").split("/"))
    found: Document | None = api.get(f"{base}/group-by-path/{segments}")
    return found


def _post(api: AdminApi, base: str, unit: str, role: str) -> Iterator[Item]:
    path = f"{unit}/{role}"
    yield _group(api, base, path, {})

    def mappings() -> str:
        group = group_at(api, base, path) or {"id": "none"}
        return f"{base}/groups/{group['id']}/role-mappings/realm"

    yield Membership(
        f"role {role} of post {path}",
        lambda: by(api.get(mappings()), "name", role) is not None,
        lambda: api.post(mappings(), [api.get(f"{base}/roles/{part(role)}")]),
    )


def _group(api: AdminApi, base: str, path: str, declared: Mapping[str, Any]) -> Resource:
    unit, _, name = path.rpartition("/")
    fields = {
        key: [str(entry) for entry in value] if isinstance(value, list) else value
        for key, value in flat(declared).items()
    }
    return Resource(
        api,
        f"group {path}",
        lambda: _children(api, base, unit),
        find=lambda: group_at(api, base, path),
        address=lambda found: f"{base}/groups/{found['id']}",
        fields=fields,
        fixed={"name": name},
    )


def _children(api: AdminApi, base: str, unit: str) -> str:
    parent = group_at(api, base, unit) if unit else None
    return f"{base}/groups/{parent['id']}/children" if parent else f"{base}/groups"
