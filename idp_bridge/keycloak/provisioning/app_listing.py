"""Every registered app, over all realms: one entry for an app of both."""

from dataclasses import dataclass

from idp_bridge.keycloak.provisioning.app_state import STATE
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document
from idp_bridge.keycloak.provisioning.run import REALMS

_STRICTNESS = ("suspended", "draft", "checked", "admitted")


@dataclass(frozen=True, slots=True)
class Listed:
    """One app. ``states`` are by realm; where they are not equal the strictest counts."""

    client_id: str
    protocol: str
    names: dict[str, str]
    owner: str
    contact: str
    states: dict[str, str]

    @property
    def state(self) -> str:
        """The state that counts, and a mark where realms disagree."""
        strictest = min(self.states.values(), key=_STRICTNESS.index)
        return strictest if len(set(self.states.values())) == 1 else f"{strictest} (unequal)"


def all_apps(api: AdminApi) -> list[Listed]:
    """The apps by id."""
    found: dict[str, dict[str, Document]] = {}
    for realm in REALMS:
        for client in api.get(f"/realms/{realm}/clients?max=10000") or ():
            if client.get("attributes", {}).get("bridge.app") == "true":
                found.setdefault(client["clientId"], {})[realm] = client
    return [_listed(client_id, clients) for client_id, clients in sorted(found.items())]


def _listed(client_id: str, clients: dict[str, Document]) -> Listed:
    said = next(iter(clients.values()))["attributes"]
    return Listed(
        client_id=client_id,
        protocol=said.get("bridge.protocol", ""),
        names={language: said.get(f"bridge.name.{language}", "") for language in ("zh", "en")},
        owner=said.get("bridge.owner", ""),
        contact=said.get("bridge.contact", ""),
        states={realm: _state(client) for realm, client in clients.items()},
    )


def _state(client: Document) -> str:
    if not client["enabled"]:
        return "suspended"
    state = str(client["attributes"].get(STATE, "draft"))
    return state if state in _STRICTNESS else "draft"
