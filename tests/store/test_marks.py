"""Marks are written and told in one step, and a copy knows when it may have missed some."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from idp_bridge.core.errors import Unavailable
from idp_bridge.core.marks import LocalMarks
from idp_bridge.store.marks import RedisMarks
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.redis import RedisStore
from tests.fakes import FakeClock
from tests.store.servers import own_redis

LIFE = timedelta(seconds=30)


async def until(true: Callable[[], bool], patience: float = 5) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(patience):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def copy_of_the_bridge(url: str) -> AsyncIterator[tuple[RedisMarks, list[tuple[str, bytes]]]]:
    marks, heard = RedisMarks(url, "marks-test:"), []
    marks.listen(lambda key, value: heard.append((key, value)))
    running = asyncio.create_task(marks.run())
    try:
        await until(marks.in_touch)
        yield marks, heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await marks.close()


async def test_a_mark_is_in_the_store_and_heard_by_every_copy(redis_url: str):
    store = RedisStore(redis_url, "marks-test:")
    async with copy_of_the_bridge(redis_url) as (one, _), copy_of_the_bridge(redis_url) as (_, two):
        await one.mark("ended:workers:sid:1", b"12.5", LIFE)

        assert await store.get("ended:workers:sid:1") == b"12.5"
        await until(lambda: ("ended:workers:sid:1", b"12.5") in two)
        await one.clear("ended:workers:sid:1")
        assert await store.get("ended:workers:sid:1") is None
        await until(lambda: two[-1] == ("ended:workers:sid:1", b""))
    await store.close()


async def test_whoever_begins_to_listen_is_told_that_marks_may_have_been_missed(redis_url: str):
    async with copy_of_the_bridge(redis_url) as (_, heard):
        assert heard[0] == ("", b"")


async def test_a_redis_that_hangs_puts_a_copy_out_of_touch_within_seconds(tmp_path: Path):
    with own_redis(tmp_path) as (url, pid):
        async with copy_of_the_bridge(url) as (marks, heard):
            os.kill(pid, signal.SIGSTOP)
            try:
                await until(lambda: not marks.in_touch(), 3)
                with pytest.raises(Unavailable):
                    await marks.mark("stale:workers:all", b"1", LIFE)
                # Long enough, and the line is given up: what comes after it may have holes.
                await until(lambda: not marks.in_touch())
            finally:
                os.kill(pid, signal.SIGCONT)
            await until(marks.in_touch, 10)
            assert heard[0] == ("", b"")


async def test_without_redis_nobody_is_in_touch():
    marks = RedisMarks("redis://127.0.0.1:1/0")

    assert not marks.in_touch()
    with pytest.raises(Unavailable):
        await marks.mark("stale:workers:all", b"1", LIFE)
    await marks.close()


async def test_in_one_process_a_mark_is_written_and_told_too():
    store, heard = MemoryStore(FakeClock()), []
    marks = LocalMarks(store)
    marks.listen(lambda key, value: heard.append((key, value)))

    await marks.mark("stale:workers:all", b"1", LIFE)
    await marks.clear("stale:workers:all")

    assert heard == [("stale:workers:all", b"1"), ("stale:workers:all", b"")]
    assert await store.get("stale:workers:all") is None
