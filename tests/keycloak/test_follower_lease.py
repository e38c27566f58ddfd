"""One leader at a time, and never for longer than it can be sure of."""

import pytest

from idp_bridge.keycloak.lease import Lease, LeaseLost
from idp_bridge.store.memory import MemoryStore
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def two(clock: FakeClock) -> tuple[Lease, Lease]:
    store = MemoryStore(clock)
    return Lease(store, "workers", clock), Lease(store, "workers", clock)


async def test_of_two_one_leads(two: tuple[Lease, Lease]) -> None:
    assert await two[0].hold()
    assert not await two[1].hold()
    assert (two[0].is_held, two[1].is_held) == (True, False)


async def test_a_leader_that_keeps_asking_keeps_leading(
    two: tuple[Lease, Lease], clock: FakeClock
) -> None:
    for _ in range(10):
        assert await two[0].hold()
        clock.advance(2)
        assert not await two[1].hold()


async def test_a_silent_leader_is_replaced_within_ten_seconds_and_knows_it(
    two: tuple[Lease, Lease], clock: FakeClock
) -> None:
    await two[0].hold()
    clock.advance(6.1)

    assert not two[0].is_held
    assert await two[1].hold()
    with pytest.raises(LeaseLost):
        await two[0].keep()
    assert not await two[0].hold()


async def test_a_lease_given_back_is_free(two: tuple[Lease, Lease], clock: FakeClock) -> None:
    await two[0].hold()
    await two[0].release()
    clock.advance(0.01)

    assert await two[1].hold()


async def test_giving_back_what_was_lost_takes_nothing_from_the_next(
    two: tuple[Lease, Lease], clock: FakeClock
) -> None:
    await two[0].hold()
    clock.advance(7)
    await two[1].hold()
    await two[0].release()
    clock.advance(0.01)

    assert two[1].is_held
    await two[1].keep()


async def test_two_things_have_two_leaders(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    assert await Lease(store, "workers", clock).hold()
    assert await Lease(store, "residents", clock).hold()
