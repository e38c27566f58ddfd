"""Apps with tickets are told that a session is over: once, durably, also when they were away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from idp_bridge.core.app_logout import AGAIN_AFTER, CLAIMED_FOR, LISTED_FOR, AppLogout, NotTold
from idp_bridge.core.errors import TooManyRequests
from idp_bridge.core.visits import MOST_VISITS, Visit, Visits
from idp_bridge.store.app_logouts import SqlOutbox
from idp_bridge.store.database import Database
from idp_bridge.store.memory import MemoryStore
from tests.fakes import FakeClock, RacingStore

VISIT = Visit(
    realm="workers",
    client_id="key-person",
    protocol="cas",
    sid="s1",
    account="a1",
    user="zhang",
    reference="ST-1",
    tell="https://key.example/cas",
)


class Listener:
    """A teller that remembers whom it told; ``away`` is how often it fails first."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.away = 0

    async def tell(self, visit: Visit) -> None:
        await asyncio.sleep(0)
        if self.away > 0:
            self.away -= 1
            raise NotTold("connection refused")
        self.told.append(visit.reference)


class MeanwhileStore(MemoryStore):
    """A store in which something happens just before a key is read the next time."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.meanwhile: dict[str, Callable[[], Awaitable[None]]] = {}

    async def get(self, key: str) -> bytes | None:
        if happens := self.meanwhile.pop(key, None):
            await happens()
        return await super().get(key)


class World:
    def __init__(self, database: Database) -> None:
        self.clock = FakeClock()
        store = RacingStore(self.clock)
        self.visits, self.outbox, self.app = Visits(store), SqlOutbox(database), Listener()
        self.logout = self.copy()

    def copy(self) -> AppLogout:
        """Another copy of the bridge over the same stores."""
        return AppLogout(self.visits, self.outbox, {"cas": self.app}, self.clock)

    async def wait(self, time: timedelta) -> None:
        self.clock.advance(time.total_seconds())
        await self.logout.try_again()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'bridge.db'}")
    await database.open()
    yield World(database)
    await database.close()


async def test_every_app_of_a_session_is_told_that_it_is_over(world):
    other = replace(VISIT, client_id="mediation", reference="ST-2")
    for visit in (VISIT, other, replace(VISIT, sid="s2", reference="ST-3")):
        await world.visits.add(visit)

    await world.logout.session_over("workers", "s1")

    assert sorted(world.app.told) == ["ST-1", "ST-2"]
    assert await world.visits.of_session("workers", "s1") == ()


async def test_one_app_of_a_session_can_be_told_alone(world):
    await world.visits.add(VISIT)
    await world.visits.add(replace(VISIT, client_id="mediation", reference="ST-2"))

    await world.logout.session_over("workers", "s1", "mediation")

    assert world.app.told == ["ST-2"]
    assert await world.visits.of_session("workers", "s1") == (VISIT,)


async def test_an_account_that_is_over_is_over_in_all_its_sessions(world):
    await world.visits.add(VISIT)
    await world.visits.add(replace(VISIT, sid="s2", reference="ST-2"))
    await world.visits.add(replace(VISIT, sid="s3", account="a2", reference="ST-3"))

    await world.logout.account_over("workers", "a1")

    assert sorted(world.app.told) == ["ST-1", "ST-2"]


async def test_a_realm_that_is_over_is_over_for_everybody_of_it(world):
    for number in range(20):
        visit = replace(VISIT, sid=f"s{number}", account=f"a{number}", reference=f"ST-{number}")
        await world.visits.add(visit)
    await world.visits.add(replace(VISIT, realm="residents", reference="ST-other"))

    await world.logout.realm_over("workers")

    assert sorted(world.app.told) == sorted(f"ST-{number}" for number in range(20))
    assert [sid async for sid in world.visits.sessions("workers")] == []


async def test_an_app_that_is_over_is_over_for_everybody_and_no_other_app_is(world):
    for number in range(120):
        visit = replace(VISIT, sid=f"s{number}", account=f"a{number}", reference=f"ST-{number}")
        await world.visits.add(visit)
    await world.visits.add(replace(VISIT, client_id="mediation", reference="ST-other"))
    await world.visits.add(replace(VISIT, realm="residents", reference="ST-resident"))

    inside = await world.logout.inside("workers", "key-person")
    assert inside == {f"s{number}": f"a{number}" for number in range(120)}

    await world.logout.app_over("workers", "key-person")

    assert sorted(world.app.told) == sorted(f"ST-{number}" for number in range(120))


async def test_sessions_that_ended_without_a_word_do_not_pile_up(world):
    """Every visit renews the list that it is on, so that no list ends by itself."""
    for number in range(300):
        await world.visits.add(replace(VISIT, sid=f"s{number}", reference=f"ST-{number}"))
        world.clock.advance(timedelta(hours=1).total_seconds())

    kept = await world.visits.sessions_of("workers", VISIT.account)

    assert len(kept) < 100
    assert "s299" in kept


async def test_a_visit_that_begins_while_the_last_one_is_crossed_out_is_still_found():
    store = MeanwhileStore(FakeClock())
    visits, second = Visits(store), replace(VISIT, reference="ST-2")
    await visits.add(VISIT)
    store.meanwhile["visited:workers:account:a1"] = lambda: visits.add(second)

    await visits.forget(VISIT)

    assert await visits.sessions_of("workers", "a1") == ("s1",)
    assert await visits.of_session("workers", "s1") == (second,)


async def test_of_two_copies_that_hear_of_the_end_one_tells(world):
    await world.visits.add(VISIT)

    await asyncio.gather(
        world.logout.session_over("workers", "s1"), world.copy().session_over("workers", "s1")
    )

    assert world.app.told == ["ST-1"]


async def test_an_app_that_was_away_is_told_later(world):
    world.app.away = 2
    await world.visits.add(VISIT)
    await world.logout.session_over("workers", "s1")

    await world.wait(AGAIN_AFTER[0])
    assert world.app.told == []
    await world.wait(AGAIN_AFTER[1])

    assert world.app.told == ["ST-1"]
    await world.wait(timedelta(hours=1))
    assert world.app.told == ["ST-1"]


async def test_an_app_that_stays_away_is_given_up_and_listed(world):
    world.app.away = 100
    await world.visits.add(VISIT)
    await world.logout.session_over("workers", "s1")
    for wait in AGAIN_AFTER:
        assert await world.outbox.given_up(10) == ()
        await world.wait(wait)

    [line] = await world.outbox.given_up(10)
    assert (line.visit, line.reason, line.tries) == (VISIT, "connection refused", 5)
    left = world.app.away
    await world.wait(timedelta(days=1))
    assert world.app.away == left
    assert await world.outbox.given_up(10) == (line,)
    await world.wait(LISTED_FOR)
    assert await world.outbox.given_up(10) == ()


async def test_what_a_killed_copy_had_claimed_is_told_by_another(world):
    class Killed(Exception):
        pass

    class Dying:
        async def tell(self, visit: Visit) -> None:
            raise Killed

    await world.visits.add(VISIT)
    dying = AppLogout(world.visits, world.outbox, {"cas": Dying()}, world.clock)
    with pytest.raises(Killed):
        await dying.session_over("workers", "s1")

    await world.wait(CLAIMED_FOR / 2)
    assert world.app.told == []
    await world.wait(CLAIMED_FOR / 2)

    assert world.app.told == ["ST-1"]


async def test_a_session_that_signs_in_without_end_is_stopped_and_nothing_is_dropped(world):
    for number in range(MOST_VISITS):
        await world.visits.add(replace(VISIT, reference=f"ST-{number}"))

    with pytest.raises(TooManyRequests):
        await world.visits.add(replace(VISIT, reference="ST-one-more"))

    held = await world.visits.of_session("workers", "s1")
    assert held[0].reference == "ST-0"
    assert len(held) == MOST_VISITS


async def test_no_visit_is_lost_when_many_begin_at_once(world):
    await asyncio.gather(
        *(world.visits.add(replace(VISIT, reference=f"ST-{n}")) for n in range(30))
    )

    assert len(await world.visits.of_session("workers", "s1")) == 30
