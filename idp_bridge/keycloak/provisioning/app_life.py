"""The life of an app after its manifest: applied, suspended, resumed, retired, in every realm."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from idp_bridge.keycloak.provisioning.app_state import STATE, set_enabled, set_state
from idp_bridge.keycloak.provisioning.clients import client_at
from idp_bridge.keycloak.provisioning.machines import machines_of
from idp_bridge.keycloak.provisioning.memories import memory_of
from idp_bridge.keycloak.provisioning.reconcile import Line, Policy, Verb
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document
from idp_bridge.keycloak.provisioning.run import REALMS, Inputs, apps_of_realm, declared_realm
from idp_bridge.keycloak.provisioning.withdrawal import forget_client
from idp_bridge.manifests.manifest import BRIDGE_SERVED, AppManifest
from idp_bridge.manifests.parts import Realm

_STATES = ("draft", "checked", "admitted")
_APPLIED = Policy()
_PAGE = 500


class NoSuchApp(Exception):
    """No realm has an app of this id."""


def apply_apps(
    api: AdminApi, inputs: Inputs, apps: Iterable[AppManifest], policy: Policy
) -> list[Line]:
    """Bring the clients of ``apps`` to what their manifests say, and twins to the same state."""
    chosen = tuple(apps)
    lines: list[Line] = []
    for realm in REALMS:
        declared = declared_realm(inputs, realm)
        with memory_of(api, realm, policy) as memory:
            found = apps_of_realm(api, (realm, declared), chosen, memory, policy)
        lines += [Line(x.verb, f"{realm}: {x.item}", x.path, x.before, x.after) for x in found]
    for app in chosen:
        lines += even_out(api, app.client_id, policy)
    return lines


def even_out(api: AdminApi, client_id: str, policy: Policy) -> Iterator[Line]:
    """Of two clients of one app that are not in the same state, the stricter one decides."""
    twins = apps_at(api, client_id)
    if not all(twin.enabled for twin in twins):
        for twin in twins:
            if twin.enabled:
                yield Line(
                    Verb.CHANGE, f"{twin.realm}: client {client_id}", "enabled", "true", "false"
                )
                if policy.apply:
                    _close(api, twin)
    lowest = min((twin.state for twin in twins), key=_STATES.index, default="draft")
    for twin in twins:
        if twin.state != lowest:
            item = f"{twin.realm}: client {client_id}"
            yield Line(Verb.CHANGE, item, "state", twin.state, lowest)
            if policy.apply:
                set_state(api, twin.base, client_id, lowest)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class AppAt:
    """An app in one realm."""

    realm: Realm
    uuid: str
    client_id: str
    enabled: bool
    state: str
    bridge_served: bool

    @property
    def base(self) -> str:
        return f"/realms/{self.realm}"


def apps_at(api: AdminApi, client_id: str) -> list[AppAt]:
    """The app in every realm that has it."""
    found = []
    for realm in REALMS:
        client = client_at(api, f"/realms/{realm}", client_id)
        if client is not None and client.get("attributes", {}).get("bridge.app") == "true":
            found.append(_app_at(realm, client))
    return found


def _app_at(realm: Realm, client: Document) -> AppAt:
    said = client["attributes"]
    return AppAt(
        realm=realm,
        uuid=client["id"],
        client_id=client["clientId"],
        enabled=client["enabled"],
        state=said.get(STATE, "draft"),
        bridge_served=said.get("bridge.protocol") in BRIDGE_SERVED,
    )


def suspend(api: AdminApi, client_id: str) -> list[AppAt]:
    """Close the app in every realm. Raises ``NoSuchApp``."""
    found = _known(api, client_id)
    for app in found:
        _close(api, app)
    return found


def _close(api: AdminApi, app: AppAt) -> None:
    # Of a disabled client Keycloak tells nobody any more: whoever is inside goes first. Apps that
    # the bridge serves are told by the bridge, and their people stay signed in elsewhere.
    if not app.bridge_served:
        end_sessions(api, app)
    set_enabled(api, app.base, app.client_id, enabled=False)


def resume(api: AdminApi, client_id: str) -> list[AppAt]:
    """Open it again in every realm. Raises ``NoSuchApp``."""
    found = _known(api, client_id)
    for app in found:
        set_enabled(api, app.base, client_id, enabled=True)
    return found


def promote(api: AdminApi, client_id: str, state: str) -> list[AppAt]:
    """Set how far the app has come, in every realm. Raises ``NoSuchApp``."""
    found = _known(api, client_id)
    for app in found:
        set_state(api, app.base, client_id, state)  # type: ignore[arg-type]
    return found


def retire(api: AdminApi, client_id: str) -> list[str]:
    """Remove the app: what was deleted, in words. Raises ``NoSuchApp``.

    With a client go its roles, whoever they were given to, its mappers and its attributes.
    """
    removed = []
    for app in _known(api, client_id):
        end_sessions(api, app)
        _close(api, app)
        with memory_of(api, app.realm, _APPLIED) as memory:
            machines = machines_of(api, app.base, client_id)
            for client in (*machines, {"id": app.uuid, "clientId": client_id}):
                api.delete(f"{app.base}/clients/{client['id']}")
                forget_client(memory, client["clientId"])
                removed.append(f"{app.realm}: client {client['clientId']}")
    return removed


def end_sessions(api: AdminApi, app: AppAt) -> int:
    """End the sessions of everybody who is in the app; Keycloak tells all their apps."""
    ended = 0
    while rows := api.get(f"{app.base}/clients/{app.uuid}/user-sessions?max={_PAGE}"):
        for row in rows:
            api.delete(f"{app.base}/sessions/{row['id']}")
        ended += len(rows)
    return ended


def _known(api: AdminApi, client_id: str) -> list[AppAt]:
    found = apps_at(api, client_id)
    if not found:
        raise NoSuchApp(f"no realm has an app {client_id}: see `idp-bridge apps list`")
    return found
