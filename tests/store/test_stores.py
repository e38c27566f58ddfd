"""One contract, every ``Store``: in memory, in Redis, in SQLite and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from idp_bridge.core.clock import system_clock
from idp_bridge.core.errors import Unavailable
from idp_bridge.core.store import Store
from idp_bridge.store.database import Database
from idp_bridge.store.durable import DurableStore
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.redis import RedisStore
from tests.fakes import FakeClock

MINUTE = timedelta(minutes=1)


class Contract:
    """What the port promises."""

    async def test_what_was_put_is_got_until_it_is_replaced(self, store: Store) -> None:
        await store.put("k", b"one", MINUTE)
        assert await store.get("k") == b"one"
        await store.put("k", b"two", MINUTE)
        assert await store.get("k") == b"two"
        assert await store.get("other") is None

    async def test_several_are_got_in_the_order_asked_for(self, store: Store) -> None:
        await store.put("a", b"1", MINUTE)
        await store.put("b", b"2", MINUTE)
        await store.put("gone", b"3", timedelta(milliseconds=20))
        await asyncio.sleep(0.05)
        assert await store.get_many(["b", "other", "a", "gone", "b"]) == [
            b"2",
            None,
            b"1",
            None,
            b"2",
        ]

    async def test_of_racing_takers_one_gets_the_value(self, store: Store) -> None:
        await store.put("k", b"v", MINUTE)
        taken = await asyncio.gather(*(store.take("k") for _ in range(20)))
        assert sorted(value for value in taken if value) == [b"v"]
        assert await store.get("k") is None

    async def test_of_racing_swaps_one_wins(self, store: Store) -> None:
        created = await asyncio.gather(
            *(store.swap("k", None, bytes([n]), MINUTE) for n in range(20))
        )
        assert created.count(True) == 1
        held = await store.get("k")
        changed = await asyncio.gather(
            *(store.swap("k", held, b"new%d" % n, MINUTE) for n in range(20))
        )
        assert changed.count(True) == 1

    async def test_a_swap_against_something_else_changes_nothing(self, store: Store) -> None:
        assert not await store.swap("k", b"old", b"new", MINUTE)
        await store.put("k", b"held", MINUTE)
        assert not await store.swap("k", b"old", b"new", MINUTE)
        assert not await store.swap("k", None, b"new", MINUTE)
        assert await store.get("k") == b"held"

    async def test_an_expired_key_reads_as_absent_to_every_verb(self, store: Store) -> None:
        for key in ("get", "take", "swap", "create"):
            await store.put(key, b"v", timedelta(milliseconds=20))
        await asyncio.sleep(0.05)
        assert await store.get("get") is None
        assert await store.take("take") is None
        assert not await store.swap("swap", b"v", b"w", MINUTE)
        assert await store.swap("create", None, b"w", MINUTE)

    async def test_any_bytes_survive(self, store: Store) -> None:
        value = bytes(range(256))
        await store.put("k", value, MINUTE)
        assert await store.swap("k", value, b"", MINUTE)
        assert await store.get("k") == b""


class TestMemory(Contract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(system_clock)


class TestRedis(Contract):
    @pytest.fixture
    async def store(self, redis_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
        redis = RedisStore(redis_url, prefix=f"{request.node.name}:")
        yield redis
        await redis.close()


class TestDurable(Contract):
    @pytest.fixture
    def store(self, database: Database) -> Store:
        return DurableStore(database, system_clock)

    async def test_what_expired_is_deleted_by_the_sweep(self, database: Database) -> None:
        clock = FakeClock()
        store = DurableStore(database, clock)
        await store.put("old", b"v", MINUTE)
        clock.advance(61)
        await store.put("new", b"v", MINUTE)
        assert await store.forget_expired() == 1
        assert await store.get("new") == b"v"


async def test_a_redis_that_is_away_is_said_to_be_unavailable() -> None:
    store = RedisStore("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable):
        await store.get("k")


async def test_more_callers_than_connections_wait_instead_of_failing(redis_url: str) -> None:
    store = RedisStore(redis_url, connections=2)
    await store.put("k", b"v", MINUTE)
    assert set(await asyncio.gather(*(store.get("k") for _ in range(200)))) == {b"v"}
    await store.close()
