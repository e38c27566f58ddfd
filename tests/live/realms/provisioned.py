"""Applying `realms/residents.yaml` and its apps to a realm of another name."""

from pathlib import Path
from typing import Any, cast

from idp_bridge.keycloak.provisioning import Inputs, Line, Policy
from idp_bridge.keycloak.provisioning.apps import app_items
from idp_bridge.keycloak.provisioning.realm import realm_items
from idp_bridge.keycloak.provisioning.reconcile import reconcile
from idp_bridge.keycloak.provisioning.run import declared_realm
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.reading import load_manifests
from tests.live.realms.signing_in import TrialRealm

REALMS = Path(__file__).parents[3] / "realms"
SECRET = "a-secret-of-this-trial-realm-0123456789"


class _Values(dict[str, str]):
    """The small OP's address for every address; one secret for every secret."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def __missing__(self, name: str) -> str:
        return f"{name}-{SECRET}" if "secret" in name else self._origin


def provision(realm: TrialRealm, *, other: Any = None, **policy: bool) -> list[Line]:
    """Apply the declarations, with ``other`` laid over them; what was said."""
    values = _Values(realm.op.issuer)
    own = {"residents": {"bridge_secret": SECRET}, "workers": {}}
    shared = {
        name: values[name]
        for name in ("issuer", "resident_url", "worker_url", "admin_url", "sector_url")
    }
    declared = {
        **declared_realm(Inputs(REALMS, shared, own), "residents"),
        "realm": realm.name,
        **(other or {}),
    }
    items = list(realm_items(realm.api, declared))
    for app in load_manifests(sorted((REALMS / "apps").glob("*.yaml")), values):
        if "residents" in app.realms:
            moved, name = _moved(app, realm.name), cast(Any, realm.name)
            items += app_items(realm.api, name, moved, declared, admit=True)
    return [line for item in items for line in reconcile(item, realm.memory, Policy(**policy))]


def _moved(app: AppManifest, realm: str) -> AppManifest:
    told = ("url", "addresses", "roles")
    moved = {name: {realm: getattr(app, name)["residents"]} for name in told}
    if app.oidc:
        moved["oidc"] = app.oidc.model_copy(update={"secret": {realm: SECRET}})
    return app.model_copy(update=moved)
