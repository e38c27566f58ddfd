"""Whose sessions an event ends, and which apps that were given tickets are told so."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from idp_bridge.core.accounts import Account
from idp_bridge.core.revocations import Revocations
from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.enforcement import Enforcement
from idp_bridge.keycloak.events import Consequence, Effect
from idp_bridge.keycloak.twins import Twins
from idp_bridge.store.memory import MemoryStore
from tests.fakes import FakeAccounts, FakeClock

REALM = "workers"


class OneRealm:
    """An Admin API that knows of one client and of nobody's session in it."""

    realm = REALM

    async def ask(self, _question: Any) -> dict[str, Any]:
        return {"id": "c-1", "clientId": "house-files"}

    async def pages(self, _path: str) -> AsyncIterator[dict[str, Any]]:
        for row in ():
            yield row


class ListedEnds:
    """Notes what apps were told of."""

    def __init__(self) -> None:
        self.accounts: list[str] = []

    async def session_over(self, realm: str, sid: str, client_id: str | None = None) -> None: ...

    async def account_over(self, realm: str, account: str) -> None:
        self.accounts.append(account)

    async def app_over(self, realm: str, client_id: str) -> None: ...

    async def realm_over(self, realm: str) -> None: ...

    async def inside(self, realm: str, client_id: str) -> dict[str, str]:
        """Two people came by another app's ticket."""
        assert (realm, client_id) == (REALM, "house-files")
        return {"s-chen": "chen", "s-zhang": "zhang"}


class World:
    """Enforcement in one realm with two people."""

    def __init__(self) -> None:
        people = (Account(REALM, name, name, name, enabled=True) for name in ("chen", "zhang"))
        self.accounts, self.ends = FakeAccounts(*people), ListedEnds()
        clock = FakeClock()
        self.enforcement = Enforcement(
            cast(AdminApi, OneRealm()),
            self.accounts,  # type: ignore[arg-type]
            revocations=Revocations(MemoryStore(clock), clock),
            ends=self.ends,
            keep=self._keep,
            twins=Twins(()),
        )

    async def _keep(self) -> None: ...


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("what", [Consequence.CHECK_ACCOUNT, Consequence.END_ACCOUNT])
async def test_apps_are_told_of_a_disabled_person_even_if_keycloak_calls_nobody(world, what):
    world.accounts.change(REALM, "chen", enabled=False)

    await world.enforcement.apply([Effect(what, "chen"), Effect(what, "chen")])

    assert world.accounts.ended == [(REALM, "chen")]
    assert world.ends.accounts == ["chen"]


async def test_a_person_who_was_changed_and_is_not_disabled_stays(world):
    await world.enforcement.apply([Effect(Consequence.CHECK_ACCOUNT, "zhang")])

    assert (world.accounts.ended, world.ends.accounts) == ([], [])


async def test_who_came_by_another_apps_ticket_loses_the_role_with_the_others(world):
    """Keycloak knows of no session of theirs at that app's client."""
    world.accounts.change(REALM, "chen", roles=frozenset({"grid-worker"}))
    taken = Effect(Consequence.END_HOLDERS, "name:grid-worker", frozenset({"c-1"}))

    await world.enforcement.apply([taken])
    assert world.accounts.ended == [(REALM, "s-chen")]

    await world.enforcement.apply([Effect(Consequence.END_CLIENT, "c-1")])
    assert world.accounts.ended[1:] == [(REALM, "s-chen"), (REALM, "s-zhang")]
