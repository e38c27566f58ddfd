"""Our own declarations in a realm of another name, with a small OP in the bridge's place."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from idp_bridge.keycloak.provisioning import AdminApi
from tests.live.realms.provisioned import provision
from tests.live.realms.signing_in import TrialRealm, Visitor
from tests.live.realms.small_op import SmallOp, serve


@pytest.fixture(scope="module")
def trial(stack: dict[str, Any]) -> Iterator[TrialRealm]:
    """Realm `residents` as declared, with one more client that stands for any app."""
    op = SmallOp()
    server = serve(op)
    keycloak, admin = stack["urls"]["keycloak"], stack["admin"]
    api = AdminApi(keycloak, admin["username"], admin["password"])
    realm = TrialRealm(keycloak, f"trial-{secrets.token_hex(3)}", api, op)
    provision(realm)
    client = {
        "clientId": "trial",
        "publicClient": True,
        "redirectUris": [realm.client["redirect_uri"]],
    }
    realm.api.post(f"/realms/{realm.name}/clients", client)
    yield realm
    api.delete(f"/realms/{realm.name}")
    server.shutdown()


@pytest.fixture
def visit(trial: TrialRealm, chromium: Browser) -> Callable[..., Visitor]:
    """A new browser, with the passkeys given."""

    def new(keys: list[dict[str, Any]] | None = None) -> Visitor:
        return Visitor(trial, chromium, keys)

    return new
