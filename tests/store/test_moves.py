"""Word of a move reaches the pages that wait, at whichever copy."""

import asyncio
from datetime import timedelta

from idp_bridge.core.moves import Listener
from idp_bridge.store.moves import LocalMoves, RedisMoves

SOON, LONG = timedelta(milliseconds=50), timedelta(seconds=5)


async def heard(listener: Listener, patience: timedelta = LONG) -> bool:
    """Whether the wait ended because something was told, before its patience."""
    began = asyncio.get_running_loop().time()
    await listener.wait(patience)
    return asyncio.get_running_loop().time() - began < patience.total_seconds()


async def test_what_was_told_while_nobody_waited_is_heard_at_the_next_wait() -> None:
    moves = LocalMoves()
    listener = moves.listen("one")
    await moves.tell("one")
    assert await heard(listener)


async def test_a_wait_ends_with_its_patience_and_hears_of_nobody_else() -> None:
    moves = LocalMoves()
    listener = moves.listen("one")
    await moves.tell("two")
    assert not await heard(listener, SOON)


async def test_a_move_at_one_copy_is_heard_at_another(redis_url: str) -> None:
    here, there = RedisMoves(redis_url, "moves-test:"), RedisMoves(redis_url, "moves-test:")
    passing = asyncio.create_task(there.run())
    listener = there.listen("one")
    # The first wake says that the line is up.
    assert await heard(listener)
    await here.tell("one")
    assert await heard(listener)
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)
    await here.close()
    await there.close()


async def test_without_redis_a_move_is_heard_at_the_same_copy() -> None:
    moves = RedisMoves("redis://127.0.0.1:1/0")
    listener = moves.listen("one")
    await moves.tell("one")
    assert await heard(listener)
    await moves.close()
