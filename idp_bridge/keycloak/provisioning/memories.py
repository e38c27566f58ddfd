"""Where provisioning keeps what it applied last: an attribute of the realm itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from idp_bridge.keycloak.provisioning.reconcile import Memory, Policy
from idp_bridge.keycloak.provisioning.rest import AdminApi
from idp_bridge.manifests.parts import Realm

MEMORY = "bridge.provisioned"


@contextmanager
def memory_of(api: AdminApi, realm: Realm, policy: Policy) -> Iterator[Memory]:
    """The realm's memory; what was applied before an error is remembered all the same."""
    document = api.get(f"/realms/{realm}") or {}
    memory = Memory.parse(document.get("attributes", {}).get(MEMORY, ""))
    try:
        yield memory
    finally:
        if policy.apply and memory.changed:
            _keep(api, realm, memory)


def _keep(api: AdminApi, realm: Realm, memory: Memory) -> None:
    document = api.get(f"/realms/{realm}")
    if document is not None:
        attributes = document["attributes"] | {MEMORY: memory.text()}
        api.put(f"/realms/{realm}", {"attributes": attributes})
