from dataclasses import replace
from datetime import timedelta

import pytest

from idp_bridge.core.errors import GrantReused, InvalidGrant
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.store.memory import MemoryStore
from tests.fakes import FakeClock

BOUND = Binding(kind="code", realm="residents", app="a", redirect="https://a.test/cb", browser="b")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def grants(clock: FakeClock) -> Grants:
    return Grants(MemoryStore(clock), clock)


def grant(clock: FakeClock) -> Grant:
    return Grant(BOUND, "u1", clock() + timedelta(seconds=60), family="f1", facts={"nonce": "n"})


async def test_a_grant_is_redeemed_once_with_all_it_holds(grants: Grants, clock: FakeClock) -> None:
    token = await grants.issue(grant(clock))
    assert await grants.redeem(token, BOUND) == grant(clock)
    with pytest.raises(GrantReused) as reused:
        await grants.redeem(token, BOUND)
    assert reused.value.family == "f1"


@pytest.mark.parametrize("name", ["realm", "app", "redirect", "browser"])
async def test_every_binding_is_compared_and_a_wrong_one_spends_the_grant(
    grants: Grants, clock: FakeClock, name: str
) -> None:
    token = await grants.issue(grant(clock))
    with pytest.raises(InvalidGrant):
        await grants.redeem(token, replace(BOUND, **{name: "other"}))
    with pytest.raises(InvalidGrant):
        await grants.redeem(token, BOUND)


async def test_a_token_of_one_kind_is_unknown_as_another(grants: Grants, clock: FakeClock) -> None:
    token = await grants.issue(grant(clock))
    with pytest.raises(InvalidGrant):
        await grants.redeem(token, replace(BOUND, kind="session"))
    assert (await grants.redeem(token, BOUND)).account == "u1"


async def test_the_clock_decides_expiry_even_when_the_store_still_holds_it(
    clock: FakeClock,
) -> None:
    slow = MemoryStore(FakeClock())
    grants = Grants(slow, clock)
    token = await grants.issue(grant(clock))
    clock.advance(60)
    with pytest.raises(InvalidGrant, match="expired"):
        await grants.read(token, BOUND)
    with pytest.raises(InvalidGrant, match="expired"):
        await grants.redeem(token, BOUND)


async def test_the_store_never_holds_the_token_itself(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    token = await Grants(store, clock).issue(grant(clock))
    assert token not in repr(vars(store))


async def test_a_grant_that_would_be_born_expired_is_refused(
    grants: Grants, clock: FakeClock
) -> None:
    with pytest.raises(InvalidGrant):
        await grants.issue(replace(grant(clock), expires=clock()))
