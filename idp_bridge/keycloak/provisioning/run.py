"""One run of provisioning, from files to a report."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from idp_bridge.keycloak.provisioning.app_names import refuse_foreign
from idp_bridge.keycloak.provisioning.apps import app_items
from idp_bridge.keycloak.provisioning.memories import memory_of
from idp_bridge.keycloak.provisioning.people import Secrets, set_up
from idp_bridge.keycloak.provisioning.realm import realm_items
from idp_bridge.keycloak.provisioning.reconcile import Line, Memory, Policy, reconcile
from idp_bridge.keycloak.provisioning.rest import AdminApi, AdminApiError
from idp_bridge.keycloak.provisioning.sources import Person, load_people
from idp_bridge.keycloak.provisioning.withdrawal import leave_realm, withdraw
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.parts import Realm
from idp_bridge.manifests.reading import ManifestError, filled, load_manifests, read_yaml

REALMS: tuple[Realm, ...] = ("residents", "workers")


class ProvisioningError(Exception):
    """Provisioning stopped; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where the declarations are and what fills them in.

    ``realm_values`` differ by realm. Apps named in ``without`` are left alone. ``demo`` maps user
    names to passwords (or ``{password, totp}``); without it nobody is made and no app admitted.
    """

    folder: Path
    values: Mapping[str, str]
    realm_values: Mapping[Realm, Mapping[str, str]]
    extra_apps: tuple[Path, ...] = ()
    without: frozenset[str] = frozenset()
    demo: Mapping[str, Any] = field(default_factory=dict)


def run(api: AdminApi, inputs: Inputs, policy: Policy) -> tuple[Line, ...]:
    """Compare everything declared with Keycloak and, unless planning, apply it.

    Raises ``ProvisioningError``. What was applied before an error is remembered: the next run
    goes on from there.
    """
    try:
        return tuple(_Run(api, inputs, policy).lines())
    except (ManifestError, AdminApiError) as error:
        raise ProvisioningError(str(error)) from None


class _Run:
    def __init__(self, api: AdminApi, inputs: Inputs, policy: Policy) -> None:
        self._api, self._inputs, self._policy = api, inputs, policy
        folder = inputs.folder
        files = (*sorted((folder / "apps").glob("*.yaml")), *inputs.extra_apps)
        known = load_manifests(files, inputs.values)
        self._apps = tuple(app for app in known if app.id not in inputs.without)
        self._admit = bool(inputs.demo)
        self._people = load_people(folder / "people.yaml") if inputs.demo else ()

    def lines(self) -> Iterator[Line]:
        for realm in REALMS:
            for line in self._realm(realm):
                yield Line(line.verb, f"{realm}: {line.item}", line.path, line.before, line.after)

    def _realm(self, realm: Realm) -> list[Line]:
        declared = declared_realm(self._inputs, realm)
        lines: list[Line] = []
        with memory_of(self._api, realm, self._policy) as memory:
            for item in realm_items(self._api, declared):
                lines += reconcile(item, memory, self._policy)
            lines += apps_of_realm(
                self._api, (realm, declared), self._apps, memory, self._policy, admit=self._admit
            )
            for person in self._people:
                if person.realm == realm:
                    lines += self._person(person, memory)
        return lines

    def _person(self, person: Person, memory: Memory) -> list[Line]:
        entry = self._inputs.demo.get(person.username)
        if entry is None:
            return []
        apply = self._policy.apply
        return set_up(self._api, person, Secrets.parse(entry), memory, apply=apply)


def apps_of_realm(
    api: AdminApi,
    named: tuple[Realm, Mapping[str, Any]],
    apps: Iterable[AppManifest],
    memory: Memory,
    policy: Policy,
    *,
    admit: bool = False,
) -> list[Line]:
    """Bring the apps' clients in one realm to what the manifests declare.

    Raises ``AdminApiError``, also for a manifest with an id that is not its app's.
    """
    realm, declared = named
    lines: list[Line] = []
    for app in apps:
        refuse_foreign(api, realm, app, declared)
        if realm not in app.realms:
            lines += leave_realm(api, realm, app, memory, policy)
            continue
        names = set()
        for item in app_items(api, realm, app, declared, admit=admit):
            names.add(item.name)
            lines += reconcile(item, memory, policy)
        lines += withdraw(api, realm, app, frozenset(names), memory, policy)
    return lines


def declared_realm(inputs: Inputs, realm: Realm) -> Mapping[str, Any]:
    """The realm's file over the common one, filled in. Raises ``ManifestError``."""
    declared = read_yaml(inputs.folder / f"{realm}.yaml")
    common = read_yaml(inputs.folder / "common.yaml")
    values = {**inputs.values, **inputs.realm_values[realm]}
    if "ldap_url" not in inputs.values:
        declared.pop("ldap", None)
    return cast("Mapping[str, Any]", filled(_joined(common, declared), values))


def _joined(common: Any, own: Any) -> Any:
    """What both realms share, with the realm's own added: mappings merge, lists follow on."""
    if isinstance(common, Mapping) and isinstance(own, Mapping):
        keys = [*common, *(key for key in own if key not in common)]
        return {
            key: _joined(common[key], own[key])
            if key in common and key in own
            else common.get(key, own.get(key))
            for key in keys
        }
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    return own
