"""Roles of an app, and who is given them: realm roles by composites, single posts by groups."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from idp_bridge.keycloak.provisioning.clients import uuid_at
from idp_bridge.keycloak.provisioning.items import Membership, Resource, by, flat
from idp_bridge.keycloak.provisioning.organisation import group_at
from idp_bridge.keycloak.provisioning.reconcile import Item
from idp_bridge.keycloak.provisioning.rest import AdminApi, AdminApiError, Document, part
from idp_bridge.manifests.manifest import AppManifest, AppRole, PostsOf
from idp_bridge.manifests.parts import Realm

_PAGE = 500


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """``holder``, a realm role or the path of a post, gives an app role."""

    holder: str
    client_id: str
    role: str

    @property
    def by_post(self) -> bool:
        return self.holder.startswith("/")

    @property
    def name(self) -> str:
        kind = "post" if self.by_post else "role"
        return f"{kind} {self.holder} gives {self.client_id}/{self.role}"

    @classmethod
    def parse(cls, name: str) -> "Grant | None":
        """The grant that an item's name speaks of."""
        kind, _, rest = name.partition(" ")
        holder, gives, role = rest.partition(" gives ")
        if kind not in ("role", "post") or not gives:
            return None
        client_id, _, app_role = role.rpartition("/")
        return cls(holder, client_id, app_role)


def role_items(api: AdminApi, base: str, app: AppManifest, realm: Realm) -> Iterator[Item]:
    """The app's roles, given to nobody."""
    for role, declared in app.roles[realm].items():
        yield _role(api, base, (app.client_id, role), declared)


def grant_items(api: AdminApi, base: str, app: AppManifest, realm: Realm) -> Iterator[Item]:
    """Who is given the app's roles."""
    for grant in grants(api, base, app, realm):
        yield Membership(
            grant.name,
            lambda grant=grant: is_given(api, base, grant),  # type: ignore[misc]
            lambda grant=grant: give(api, base, grant),  # type: ignore[misc]
        )


def grants(api: AdminApi, base: str, app: AppManifest, realm: Realm) -> list[Grant]:
    """What the manifest gives, with the posts there are today."""
    found = set()
    for role, declared in app.roles[realm].items():
        for entry in declared.given_to:
            holders = posts_of(api, base, entry) if isinstance(entry, PostsOf) else [entry]
            found |= {Grant(holder, app.client_id, role) for holder in holders}
    return sorted(found)


def posts_of(api: AdminApi, base: str, wanted: PostsOf) -> list[str]:
    """Paths of the posts of a role at or below an org unit."""
    found: list[str] = []
    first = 0
    while True:
        query = f"first={first}&max={_PAGE}"
        groups: list[Document] = api.get(f"{base}/roles/{part(wanted.role)}/groups?{query}") or []
        found += [group["path"] for group in groups if _is_post(group["path"], wanted)]
        if len(groups) < _PAGE:
            break
        first += _PAGE
    if not found and group_at(api, base, wanted.org) is None and api.get(base) is not None:
        raise AdminApiError(
            f"`from` names the org unit {wanted.org}, which {base.rpartition('/')[2]} does not "
            "have: correct it, or make the unit first"
        )
    return sorted(found)


def _is_post(path: str, wanted: PostsOf) -> bool:
    unit, _, name = path.rpartition("/")
    return name == wanted.role and (unit + "/").startswith(wanted.org + "/")


def is_given(api: AdminApi, base: str, grant: Grant) -> bool:
    """Whether the grant is in force at Keycloak."""
    role = client_role(api, base, grant.client_id, grant.role)
    where = _mappings(api, base, grant)
    if role is None or where is None:
        return False
    return by(api.get(where), "id", role["id"]) is not None


def give(api: AdminApi, base: str, grant: Grant) -> None:
    """Put the grant in force."""
    check_holder(api, base, grant)
    where = _mappings(api, base, grant)
    if where is not None:
        api.post(where, [client_role(api, base, grant.client_id, grant.role)])


def check_holder(api: AdminApi, base: str, grant: Grant) -> None:
    """Whether there is anybody to give to, once the realm is there. Raises ``AdminApiError``."""
    if grant.by_post:
        found = group_at(api, base, grant.holder)
    else:
        found = api.get(f"{base}/roles/{part(grant.holder)}")
    if found is None and api.get(base) is not None:
        kind = "post" if grant.by_post else "role"
        raise AdminApiError(
            f"role {grant.role} of {grant.client_id}: `from` names the {kind} {grant.holder}, "
            f"which {base.rpartition('/')[2]} does not have: correct it, or make it first"
        )


def take(api: AdminApi, base: str, grant: Grant) -> None:
    """Take the grant back, if it is there."""
    if is_given(api, base, grant) and (where := _mappings(api, base, grant)) is not None:
        api.delete(where, [client_role(api, base, grant.client_id, grant.role)])


def client_role(api: AdminApi, base: str, client_id: str, role: str) -> Document | None:
    """One role of a client."""
    client = uuid_at(api, base, client_id)
    found: Document | None = api.get(f"{base}/clients/{client}/roles/{part(role)}")
    return found


def _mappings(api: AdminApi, base: str, grant: Grant) -> str | None:
    if not grant.by_post:
        return f"{base}/roles/{part(grant.holder)}/composites"
    group = group_at(api, base, grant.holder)
    if group is None:
        return None
    client = uuid_at(api, base, grant.client_id)
    return f"{base}/groups/{group['id']}/role-mappings/clients/{client}"


def _role(api: AdminApi, base: str, named: tuple[str, str], declared: AppRole) -> Resource:
    client_id, role = named

    def roles() -> str:
        return f"{base}/clients/{uuid_at(api, base, client_id)}/roles"

    names: dict[str, Any] = {
        f"name.{language}": [name] for language, name in declared.names.model_dump().items()
    }
    return Resource(
        api,
        f"client {client_id} role {role}",
        roles,
        find=lambda: api.get(f"{roles()}/{part(role)}"),
        address=lambda _: f"{roles()}/{part(role)}",
        fields=flat({"description": declared.names.zh, "attributes": names}),
        fixed={"name": role},
    )
