"""A realm file as items, in the order in which they can be made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from idp_bridge.keycloak.provisioning import clients, directory, keys, organisation
from idp_bridge.keycloak.provisioning.app_scopes import EmptyScopes
from idp_bridge.keycloak.provisioning.flows import Flow, steps_of
from idp_bridge.keycloak.provisioning.items import Membership, Resource, Singleton, by, flat
from idp_bridge.keycloak.provisioning.reconcile import Fields, Item
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document, part

_NAMED = frozenset({"mappers"})


@dataclass(frozen=True, slots=True)
class RealmItem:
    """The realm itself: made empty, then told its settings."""

    api: AdminApi
    realm: str
    fields: Fields
    name: str = "realm"
    write_only: frozenset[str] = frozenset()

    @property
    def _settings(self) -> Singleton:
        return Singleton(self.api, self.name, f"/realms/{self.realm}", self.fields)

    def read(self) -> Fields | None:
        return self._settings.read()

    def create(self) -> None:
        self.api.post("/realms", {"realm": self.realm, "enabled": True})
        self.write(self.fields)

    def write(self, changed: Fields) -> None:
        self._settings.write(changed)


@dataclass(frozen=True, slots=True)
class Texts:
    """Words of the login theme that differ by installation, such as addresses."""

    api: AdminApi
    path: str
    language: str
    fields: Fields
    write_only: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"texts {self.language}"

    def read(self) -> Fields | None:
        held = self.api.get(self.path) or {}
        return {key: held.get(key) for key in self.fields}

    def create(self) -> None:
        self.write(self.fields)

    def write(self, changed: Fields) -> None:
        self.api.post(self.path, dict(changed))


def realm_items(api: AdminApi, declared: Mapping[str, Any]) -> Iterator[Item]:
    """Everything one realm file declares."""
    realm = declared["realm"]
    base = f"/realms/{realm}"
    yield RealmItem(api, realm, flat(declared["settings"]))
    for language in declared["settings"]["supportedLocales"]:
        yield Texts(api, f"{base}/localization/{language}", language, dict(declared["texts"]))
    for key in declared.get("keys", []):
        yield keys.key_item(api, realm, key)
    yield from _roles(api, base, declared["roles"])
    yield from _default_roles(api, realm, declared["default_roles"])
    yield from organisation.group_items(api, base, declared.get("groups", []))
    yield from _scopes(api, base, declared)
    for flow in declared["flows"]:
        yield Flow(api, realm, flow["alias"], steps_of(flow["steps"]))
    for client in declared["clients"]:
        yield from clients.client_items(api, base, client)
    for idp in declared.get("identity_providers", []):
        yield from _identity_provider(api, base, idp)
    if ldap := declared.get("ldap"):
        yield from directory.federation_items(api, realm, ldap)
    for alias, action in declared["required_actions"].items():
        path = f"{base}/authentication/required-actions/{alias}"
        yield Singleton(api, f"required action {alias}", path, flat(action))
    yield Singleton(api, "user profile", f"{base}/users/profile", flat(declared["user_profile"]))
    yield Singleton(api, "bindings", base, flat(declared["bindings"]))


def _scopes(api: AdminApi, base: str, declared: Mapping[str, Any]) -> Iterator[Item]:
    for scope in declared["scopes"]:
        yield from clients.scope_items(api, base, scope)
    yield EmptyScopes(api, base, tuple(declared["empty_scopes"]))
    for client_id, added in declared["client_scopes"].items():
        for scope in added:
            yield clients.default_scope(api, base, client_id, scope)


def _roles(api: AdminApi, base: str, roles: Mapping[str, Document]) -> Iterator[Item]:
    for role, fields in roles.items():
        path = f"{base}/roles/{part(role)}"
        yield Resource(
            api,
            f"role {role}",
            f"{base}/roles",
            find=lambda path=path: api.get(path),  # type: ignore[misc]
            address=lambda _, path=path: path,  # type: ignore[misc]
            fields=flat(fields),
            fixed={"name": role},
        )


def _default_roles(api: AdminApi, realm: str, wanted: Mapping[str, list[str]]) -> Iterator[Item]:
    path = f"/realms/{realm}/roles/default-roles-{realm}/composites"

    def held(role: str) -> bool:
        return by(api.get(path), "name", role) is not None

    def add(role: str) -> None:
        api.post(path, [api.get(f"/realms/{realm}/roles/{part(role)}")])

    def remove(role: str) -> None:
        api.delete(path, [by(api.get(path), "name", role)])

    for role in wanted.get("add", []):
        yield Membership(
            f"default role {role}",
            lambda role=role: held(role),  # type: ignore[misc]
            lambda role=role: add(role),  # type: ignore[misc]
        )
    for role in wanted.get("remove", []):
        yield Membership(
            f"no default role {role}",
            lambda role=role: not held(role),  # type: ignore[misc]
            lambda role=role: remove(role),  # type: ignore[misc]
        )


def _identity_provider(api: AdminApi, base: str, idp: Mapping[str, Any]) -> Iterator[Item]:
    alias = idp["alias"]
    path = f"{base}/identity-provider/instances/{alias}"
    yield Resource(
        api,
        f"identity provider {alias}",
        f"{base}/identity-provider/instances",
        find=lambda: api.get(path),
        address=lambda _: path,
        fields=flat({k: v for k, v in idp.items() if k not in _NAMED | {"alias"}}),
        fixed={"alias": alias},
    )
    for mapper in idp["mappers"]:
        name = mapper["name"]
        yield Resource(
            api,
            f"identity provider {alias} mapper {name}",
            f"{path}/mappers",
            find=lambda name=name: by(api.get(f"{path}/mappers"), "name", name),  # type: ignore[misc]
            address=lambda found: f"{path}/mappers/{found['id']}",
            fields=flat({k: v for k, v in mapper.items() if k != "name"}),
            fixed={"name": name, "identityProviderAlias": alias},
        )
