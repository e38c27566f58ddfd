"""Requests and the ends of roles, in SQLite and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from idp_bridge.core.errors import Conflict
from idp_bridge.core.requests import AccessRequest
from idp_bridge.core.role_ends import RoleEnd
from idp_bridge.store.database import Database
from idp_bridge.store.requests import SqlRequests, SqlRoleEnds
from tests.fakes import START

REQUEST = AccessRequest("r1", "workers", "grid", "chen", "chenjing", "新到岗", START)
END = RoleEnd("workers", "grid", "handler", "chen", START + timedelta(hours=1))


async def test_a_request_is_read_as_it_was_written(database: Database) -> None:
    records = SqlRequests(database)
    await records.add(REQUEST)

    assert await records.find("r1") == REQUEST
    assert await records.of_account("workers", "chen", 5) == (REQUEST,)
    assert await records.in_state("workers", "asked") == (REQUEST,)
    assert await records.of_account("residents", "chen", 5) == ()


async def test_of_several_requests_for_one_app_one_waits(database: Database) -> None:
    records = SqlRequests(database)
    others = [replace(REQUEST, id=f"r{n}") for n in range(5)]

    outcomes = await asyncio.gather(*map(records.add, others), return_exceptions=True)

    assert sum(isinstance(one, Conflict) for one in outcomes) == 4
    [kept] = await records.in_state("workers", "asked")
    assert await records.change(kept, replace(kept, state="declined", decided=START))
    await records.add(replace(REQUEST, id="later"))


async def test_of_several_deciders_one_decides(database: Database) -> None:
    records = SqlRequests(database)
    await records.add(REQUEST)
    decided = [replace(REQUEST, state="granting", decided_by=str(n)) for n in range(5)]

    outcomes = await asyncio.gather(*(records.change(REQUEST, one) for one in decided))

    assert sum(outcomes) == 1


async def test_the_newest_approval_of_a_role_is_found(database: Database) -> None:
    records = SqlRequests(database)
    for n, by in enumerate(("sun", "lin")):
        await records.add(replace(REQUEST, id=by))
        approved = replace(REQUEST, id=by, state="approved", role="handler", decided_by=by)
        at = START + timedelta(hours=n)
        await records.change(replace(REQUEST, id=by), replace(approved, decided=at))

    found = await records.newest_approval("workers", "grid", "chen", "handler")

    assert found is not None
    assert found.decided_by == "lin"
    assert await records.newest_approval("workers", "grid", "wu", "handler") is None


async def test_a_role_has_one_end(database: Database) -> None:
    records = SqlRoleEnds(database)
    later = replace(END, ends=START + timedelta(hours=2))
    await records.put(END)
    await records.put(later)

    assert await records.all("workers") == (later,)
    assert not await records.remove(END)
    assert await records.clear(END)
    assert await records.of_account("workers", "chen") == ()


async def test_an_end_that_is_due_is_claimed_by_one(database: Database) -> None:
    records = SqlRoleEnds(database)
    await records.put(END)
    now = START + timedelta(hours=1)
    until = now + timedelta(seconds=20)
    assert await records.claim(now - timedelta(seconds=1), until, 5) == ()

    claims = await asyncio.gather(*(records.claim(now, until, 5) for _ in range(5)))

    assert sorted(map(len, claims)) == [0, 0, 0, 0, 1]
    assert await records.claim(until, until + timedelta(seconds=20), 5) == (END,)
