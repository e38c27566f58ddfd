"""Which apps are open to people, as the realm's clients say."""

from typing import Any, cast

import pytest

from idp_bridge.core.apps import App
from idp_bridge.core.revocations import Revocations
from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.apps import KeycloakApps
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.sealing import AesSealer
from tests.fakes import FakeClock


class OneClient:
    """The Admin API of a realm with one client and no client roles."""

    def __init__(self, *, enabled: bool, closing: str) -> None:
        said = {"bridge.app": "true", "bridge.closing": closing}
        self._client = {"id": "c-1", "clientId": "app", "enabled": enabled, "attributes": said}

    async def list(self, path: str, **_query: str) -> list[dict[str, Any]]:
        return [self._client] if path == "clients" else []


async def read(client: OneClient) -> App:
    clock = FakeClock()
    store = MemoryStore(clock)
    apis = {"workers": cast(AdminApi, client)}
    apps = KeycloakApps(apis, store, Revocations(store, clock), clock, AesSealer("k" * 32))
    [app] = await apps.of("workers")
    return app


@pytest.mark.parametrize(
    ("enabled", "closing", "is_open"),
    [(True, "", True), (False, "", False), (True, "true", False)],
    ids=["open", "suspended", "being closed"],
)
async def test_an_app_is_open_to_people_unless_it_is_closed_or_being_closed(
    enabled: bool, closing: str, is_open: bool
) -> None:
    assert (await read(OneClient(enabled=enabled, closing=closing))).enabled is is_open
