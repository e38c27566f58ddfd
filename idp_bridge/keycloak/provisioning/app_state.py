"""How far an app has come: draft, checked, admitted; suspended is another matter (`enabled`).

    draft --check passes--> checked --admit--> admitted --retire--> (gone)

Only an admitted app is given to people; the state is a client attribute and never in a manifest.
"""

from typing import Literal

from idp_bridge.keycloak.provisioning.clients import client_at
from idp_bridge.keycloak.provisioning.rest import AdminApi

State = Literal["draft", "checked", "admitted"]
STATE = "bridge.state"


def state_of(api: AdminApi, base: str, client_id: str) -> str | None:
    """The state of an app in one realm; ``None`` when it has no client there."""
    client = client_at(api, base, client_id)
    return None if client is None else client.get("attributes", {}).get(STATE, "draft")


def set_state(api: AdminApi, base: str, client_id: str, state: State) -> None:
    """Write the state; everything else about the client stays."""
    _change(api, base, client_id, {"attributes": {STATE: state}})


def set_enabled(api: AdminApi, base: str, client_id: str, *, enabled: bool) -> None:
    """Suspend the app, or let it go on."""
    # One that is being closed is open again only with its sign-in: see the bridge's `suspension`.
    sign_in = {"standardFlowEnabled": True} if enabled else {}
    _change(api, base, client_id, {"enabled": enabled, **sign_in})


def _change(api: AdminApi, base: str, client_id: str, changed: dict[str, object]) -> None:
    client = client_at(api, base, client_id)
    if client is None:
        return
    attributes = {**client.get("attributes", {}), **dict(changed.get("attributes") or {})}  # type: ignore[call-overload]
    body = client | changed | {"attributes": attributes}
    api.put(f"{base}/clients/{client['id']}", body)
