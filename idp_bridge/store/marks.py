"""Marks in Redis: written and told in one transaction, and heard by every copy of the bridge.

    MULTI  SET mark  PUBLISH mark  EXEC --> the subscription of each copy
    PING on the subscription  --> its answer comes after every mark published before it

So an answered ping proves that everything marked before it was sent has been heard.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from idp_bridge.core.errors import Unavailable
from idp_bridge.core.marks import Hear

TOUCH = 2.0
_BEAT = 0.4
_PAUSE = 0.5


class RedisMarks:
    """``Marks`` of every copy of the bridge over one Redis."""

    def __init__(
        self,
        url: str,
        prefix: str = "idp-bridge:",
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = Redis.from_url(url, socket_timeout=TOUCH, socket_connect_timeout=TOUCH)
        self._prefix = prefix
        self._channel = f"{prefix}marks"
        self._ticks = ticks
        self._listening: list[Hear] = []
        self._sent: deque[float] = deque()
        self._answered = float("-inf")

    async def mark(self, key: str, value: bytes, ttl: timedelta) -> None:
        try:
            async with self._redis.pipeline(transaction=True) as both:
                both.set(self._prefix + key, value, px=max(1, int(ttl.total_seconds() * 1000)))
                both.publish(self._channel, key.encode() + b"\n" + value)
                await both.execute()
        except RedisError as error:
            raise Unavailable(f"redis: {type(error).__name__}") from error

    async def clear(self, key: str) -> None:
        try:
            async with self._redis.pipeline(transaction=True) as both:
                both.delete(self._prefix + key)
                both.publish(self._channel, key.encode() + b"\n")
                await both.execute()
        except RedisError as error:
            raise Unavailable(f"redis: {type(error).__name__}") from error

    def listen(self, hear: Hear) -> None:
        self._listening.append(hear)

    def in_touch(self) -> bool:
        return self._ticks() - self._answered <= TOUCH

    async def run(self) -> None:
        """Listen until cancelled; a break in the line is told as marks that were lost."""
        while True:
            try:
                async with self._redis.pubsub() as line:
                    await line.subscribe(self._channel)
                    self._tell("", b"")
                    await self._hear(line)
            except (RedisError, OSError):
                await asyncio.sleep(_PAUSE)
            finally:
                self._answered = float("-inf")
                self._sent.clear()

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _hear(self, line: PubSub) -> None:
        due = self._ticks()
        while True:
            if self._ticks() >= due:
                due = self._ticks() + _BEAT
                self._sent.append(self._ticks())
                await line.ping()
            if self._sent and self._ticks() - self._sent[0] > 2 * TOUCH:
                raise RedisError("the line is dead")
            message = await line.get_message(timeout=max(0.01, due - self._ticks()))
            if message is None:
                continue
            if message["type"] == "pong" and self._sent:
                self._answered = self._sent.popleft()
            elif message["type"] == "message":
                key, _, value = message["data"].partition(b"\n")
                self._tell(key.decode(), value)

    def _tell(self, key: str, value: bytes) -> None:
        for hear in self._listening:
            hear(key, value)
