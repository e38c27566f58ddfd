"""Whose sessions an event ends, and which apps that were given tickets are told so."""

from typing import cast

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
    """An Admin API that is asked for nothing but its realm."""

    realm = REALM


class ListedEnds:
    """Notes what apps were told of."""

    def __init__(self) -> None:
        self.accounts: list[str] = []

    async def session_over(self, realm: str, sid: str, client_id: str | None = None) -> None: ...

    async def account_over(self, realm: str, account: str) -> None:
        self.accounts.append(account)

    async def app_over(self, realm: str, client_id: str) -> None: ...

    async def realm_over(self, realm: str) -> None: ...


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
