"""A role with an end is taken at its end, once, by whichever copy of the bridge gets there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from idp_bridge.core.errors import Unavailable
from idp_bridge.core.requests import Approval
from idp_bridge.core.role_ends import CLAIMED_FOR, RoleEnd
from tests.core.requests_world import OWNER, RequestsWorld, requests_world
from tests.fakes import START

HELD = ("workers", "grid", "handler", "chen")
IN_AN_HOUR = START + timedelta(hours=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RequestsWorld]:
    async with requests_world(tmp_path) as made:
        approval = Approval("handler", IN_AN_HOUR)
        await made.desk.approve(await made.ask(), OWNER, approval)
        yield made


async def test_a_role_stays_until_its_end_and_not_longer(world: RequestsWorld) -> None:
    world.clock.advance(3599)
    await world.ends.sweep()
    assert world.roles.rows == {HELD}

    world.clock.advance(1)
    await world.ends.sweep()

    assert world.roles.rows == set()
    assert world.accounts.ended == [("workers", "chen")]
    assert world.audit.names[-1] == "access_ended"
    assert await world.ends.of("workers", "chen") == ()


async def test_of_many_copies_one_ends_a_role(world: RequestsWorld) -> None:
    world.clock.advance(3600)

    await asyncio.gather(*(world.sweeper().sweep() for _ in range(5)))

    assert world.accounts.ended == [("workers", "chen")]
    assert world.audit.names.count("access_ended") == 1


async def test_a_copy_that_was_killed_in_the_middle_leaves_the_end_to_another(
    world: RequestsWorld,
) -> None:
    world.clock.advance(3600)
    world.roles.away = True
    with pytest.raises(Unavailable):
        await world.ends.sweep()
    world.roles.away = False
    await world.sweeper().sweep()
    assert world.roles.rows == {HELD}

    world.clock.advance(CLAIMED_FOR.total_seconds())
    await world.sweeper().sweep()

    assert world.roles.rows == set()


async def test_a_role_given_again_meanwhile_with_a_later_end_holds(world: RequestsWorld) -> None:
    world.clock.advance(3600)
    later = RoleEnd(*HELD[:3], "chen", IN_AN_HOUR + timedelta(hours=1))
    take = world.roles.take

    async def taken_while_given(*role: str) -> None:
        await world.ends.set(later)
        await take(*role)

    world.roles.take = taken_while_given  # type: ignore[method-assign, assignment]
    await world.ends.sweep()

    assert world.roles.rows == {HELD}
    assert await world.ends.of("workers", "chen") == (later,)


async def test_an_approval_without_an_end_takes_an_earlier_end_away(world: RequestsWorld) -> None:
    world.roles.rows.clear()
    await world.desk.approve(await world.ask(), OWNER, Approval("handler"))

    world.clock.advance(3600)
    await world.ends.sweep()

    assert world.roles.rows == {HELD}


async def test_an_administrator_lets_a_role_stay(world: RequestsWorld) -> None:
    [end] = await world.ends.all("workers")

    await world.ends.keep(end, "lin")
    world.clock.advance(3600)
    await world.ends.sweep()

    assert world.roles.rows == {HELD}
    assert world.audit.names[-1] == "access_end_removed"


async def test_an_administrator_ends_a_role_at_once(world: RequestsWorld) -> None:
    [end] = await world.ends.all("workers")

    await world.ends.end_now(end, "lin")

    assert world.roles.rows == set()
    assert world.accounts.ended == [("workers", "chen")]
    assert await world.ends.all("workers") == ()
