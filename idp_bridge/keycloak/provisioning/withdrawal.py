"""What a manifest declared once and declares no more is taken back; what others added stays.

Provisioning remembers what it applied: only that is ever taken away.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from idp_bridge.keycloak.provisioning.app_roles import Grant, grants, is_given, take
from idp_bridge.keycloak.provisioning.clients import client_at
from idp_bridge.keycloak.provisioning.items import by
from idp_bridge.keycloak.provisioning.reconcile import Line, Memory, Policy, Verb
from idp_bridge.keycloak.provisioning.rest import AdminApi, part
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.parts import Realm


@dataclass(frozen=True, slots=True)
class _Leftover:
    """Something remembered that is declared no more: whether it is there, and how it goes."""

    name: str
    there: Callable[[], bool]
    remove: Callable[[], object]


def withdraw(
    api: AdminApi,
    realm: Realm,
    app: AppManifest,
    declared: frozenset[str],
    memory: Memory,
    policy: Policy,
) -> Iterator[Line]:
    """Take back what ``memory`` holds of the app beyond ``declared``, the names of its items."""
    base = f"/realms/{realm}"
    # Not in force before the app is admitted, and declared all the same.
    kept = declared | {grant.name for grant in grants(api, base, app, realm)}
    remembered = [name for name in memory.digests if name not in kept]
    for leftover in _leftovers(api, base, app, remembered):
        if leftover.there():
            if policy.apply:
                leftover.remove()
            yield Line(Verb.DELETE, leftover.name)
        if policy.apply:
            memory.forget(leftover.name)
    declared_machines = {machine.id for machine in app.service_accounts}
    for machine in _machines_before(app, memory):
        if machine not in declared_machines:
            yield from _delete_client(api, base, machine, memory, policy)


def given_before(app: AppManifest, memory: Memory) -> list[Grant]:
    """Grants of the app that were applied at some time."""
    parsed = (Grant.parse(name) for name in memory.digests)
    return [grant for grant in parsed if grant and grant.client_id == app.client_id]


def _leftovers(
    api: AdminApi, base: str, app: AppManifest, remembered: list[str]
) -> Iterator[_Leftover]:
    own = f"client {app.client_id}"
    for name in remembered:
        grant = Grant.parse(name)
        if grant is not None and grant.client_id == app.client_id:
            yield _Leftover(
                name,
                lambda grant=grant: is_given(api, base, grant),  # type: ignore[misc]
                lambda grant=grant: take(api, base, grant),  # type: ignore[misc]
            )
        elif name.startswith(f"{own} role "):
            yield _in_client(api, base, app.client_id, (name, "roles"))
        elif name.startswith(f"{own} mapper "):
            yield _in_client(api, base, app.client_id, (name, "protocol-mappers/models"))


def _in_client(api: AdminApi, base: str, client_id: str, named: tuple[str, str]) -> _Leftover:
    """A role or mapper of the app's client; a role goes with everything it was given to."""
    name, kind = named
    label = name.removeprefix(f"client {client_id} ").partition(" ")[2]

    def address() -> str | None:
        client = client_at(api, base, client_id)
        if client is None:
            return None
        collection = f"{base}/clients/{client['id']}/{kind}"
        found = by(api.get(collection), "name", label)
        if found is None:
            return None
        return f"{collection}/{part(label) if kind == 'roles' else found['id']}"

    return _Leftover(name, lambda: address() is not None, lambda: api.delete(str(address())))


def leave_realm(
    api: AdminApi, realm: Realm, app: AppManifest, memory: Memory, policy: Policy
) -> Iterator[Line]:
    """Delete what a manifest had in a realm that it does not name any more."""
    if memory.of(f"client {app.client_id}") is None:
        return
    for client_id in (*_machines_before(app, memory), app.client_id):
        yield from _delete_client(api, f"/realms/{realm}", client_id, memory, policy)


def _machines_before(app: AppManifest, memory: Memory) -> list[str]:
    """The machines of the app that were made at some time."""
    role = f" service role {app.client_id}/"
    found = {
        name.partition(role)[0].removeprefix("client ") for name in memory.digests if role in name
    }
    return sorted(found)


def _delete_client(
    api: AdminApi, base: str, client_id: str, memory: Memory, policy: Policy
) -> Iterator[Line]:
    client = client_at(api, base, client_id)
    if client is not None:
        if policy.apply:
            api.delete(f"{base}/clients/{client['id']}")
        yield Line(Verb.DELETE, f"client {client_id}")
    if policy.apply:
        forget_client(memory, client_id)


def forget_client(memory: Memory, client_id: str) -> None:
    """Forget a client and everything that belonged to it or gave its roles."""
    for name in list(memory.digests):
        grant = Grant.parse(name)
        own = name == f"client {client_id}" or name.startswith(f"client {client_id} ")
        if own or (grant and grant.client_id == client_id):
            memory.forget(name)
