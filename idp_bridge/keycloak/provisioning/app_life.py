"""The life of an app after its manifest: applied, suspended, resumed, retired, in every realm."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from idp_bridge.keycloak.provisioning.app_state import STATE, State, set_enabled, set_state
from idp_bridge.keycloak.provisioning.clients import client_at
from idp_bridge.keycloak.provisioning.machines import machines_of
from idp_bridge.keycloak.provisioning.memories import memory_of
from idp_bridge.keycloak.provisioning.reconcile import Line, Policy, Verb
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document
from idp_bridge.keycloak.provisioning.run import REALMS, Inputs, apps_of_realm, declared_realm
from idp_bridge.keycloak.provisioning.withdrawal import forget_client
from idp_bridge.manifests.manifest import BRIDGE_SERVED, AppManifest
from idp_bridge.manifests.parts import Realm

_STATES: tuple[State, ...] = ("draft", "checked", "admitted")
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
    lowest = min((twin.state for twin in twins), key=_STATES.index, default=_STATES[0])
    for twin in twins:
        if twin.state != lowest:
            item = f"{twin.realm}: client {client_id}"
            yield Line(Verb.CHANGE, item, "state", twin.state, lowest)
            if policy.apply:
                set_state(api, twin.base, client_id, lowest)


@dataclass(frozen=True, slots=True)
class AppAt:
    """An app in one realm."""

    realm: Realm
    uuid: str
    client_id: str
    enabled: bool
    state: State
    bridge_served: bool

    @property
    def base(self) -> str:
        return f"/realms/{self.realm}"


def apps_at(api: AdminApi, app: str) -> list[AppAt]:
    """The app in every realm that has it, by its id or by its client's."""
    found = ((realm, _client_of(api, f"/realms/{realm}", app)) for realm in REALMS)
    return [_app_at(realm, client) for realm, client in found if client is not None]


def _client_of(api: AdminApi, base: str, app: str) -> Document | None:
    client = client_at(api, base, app)
    # A SAML client is called after its entity id, and the app is not.
    clients = [client] if client else api.get(f"{base}/clients?max=10000") or ()
    for one in clients:
        said = one.get("attributes") or {}
        if said.get("bridge.app") == "true" and app in (one["clientId"], said.get("bridge.id")):
            found: Document = one
            return found
    return None


def _app_at(realm: Realm, client: Document) -> AppAt:
    said = client["attributes"]
    return AppAt(
        realm=realm,
        uuid=client["id"],
        client_id=client["clientId"],
        enabled=client["enabled"],
        state=next((state for state in _STATES if state == said.get(STATE)), "draft"),
        bridge_served=said.get("bridge.protocol") in BRIDGE_SERVED,
    )


def suspend(api: AdminApi, app: str) -> list[AppAt]:
    """Close the app in every realm. Raises ``NoSuchApp``."""
    found = known(api, app)
    for here in found:
        _close(api, here)
    return found


def _close(api: AdminApi, app: AppAt) -> None:
    # Of a disabled client Keycloak tells nobody any more: whoever is inside goes first. Apps that
    # the bridge serves are told by the bridge, and their people stay signed in elsewhere.
    if not app.bridge_served:
        end_sessions(api, app)
    set_enabled(api, app.base, app.client_id, enabled=False)


def resume(api: AdminApi, app: str) -> list[AppAt]:
    """Open it again in every realm. Raises ``NoSuchApp``."""
    found = known(api, app)
    for here in found:
        set_enabled(api, here.base, here.client_id, enabled=True)
    return found


def promote(api: AdminApi, app: str, state: State) -> list[AppAt]:
    """Set how far the app has come, in every realm. Raises ``NoSuchApp``."""
    found = known(api, app)
    for here in found:
        set_state(api, here.base, here.client_id, state)
    return found


def retire(api: AdminApi, app: str) -> list[AppAt]:
    """Remove the app. Raises ``NoSuchApp``.

    With a client go its roles, whoever they were given to, its mappers and its attributes.
    """
    found = known(api, app)
    for here in found:
        end_sessions(api, here)
        _close(api, here)
        with memory_of(api, here.realm, _APPLIED) as memory:
            machines = machines_of(api, here.base, here.client_id)
            for client in (*machines, {"id": here.uuid, "clientId": here.client_id}):
                api.delete(f"{here.base}/clients/{client['id']}")
                forget_client(memory, client["clientId"])
    return found


def end_sessions(api: AdminApi, app: AppAt) -> int:
    """End the sessions of everybody who is in the app; Keycloak tells all their apps."""
    ended = 0
    while rows := api.get(f"{app.base}/clients/{app.uuid}/user-sessions?max={_PAGE}"):
        for row in rows:
            api.delete(f"{app.base}/sessions/{row['id']}")
        ended += len(rows)
    return ended


def known(api: AdminApi, app: str) -> list[AppAt]:
    """The app in every realm that has it. Raises ``NoSuchApp`` when none has."""
    found = apps_at(api, app)
    if not found:
        raise NoSuchApp(f"no realm has an app {app}: see `idp-bridge apps list`")
    return found
