"""Waiting for what becomes true by itself: tests never sleep for a fixed time."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

_STEP = 0.05


def within(seconds: float, true: Callable[[], bool]) -> bool:
    """Whether something becomes true in time; returns as soon as it does."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(_STEP)
    return True


async def comes_true(check: Callable[[], Awaitable[bool]], within: float) -> bool:
    """Whether ``check`` holds within so many seconds; returns as soon as it does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not await check():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(_STEP)
    return True
