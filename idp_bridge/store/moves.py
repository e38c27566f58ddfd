"""Word that flows moved: inside one process, and between all copies through Redis."""

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError

from idp_bridge.core.moves import Listener

_PAUSE = 1.0


class LocalMoves:
    """``Moves`` of one process."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[Listener]] = {}

    async def tell(self, interaction: str) -> None:
        for listener in self._waiting.get(interaction, ()):
            listener.wake()

    def listen(self, interaction: str) -> Listener:
        listener = Listener()
        self._waiting.setdefault(interaction, set()).add(listener)
        return listener

    def leave(self, interaction: str, listener: Listener) -> None:
        waiting = self._waiting.get(interaction, set())
        waiting.discard(listener)
        if not waiting:
            self._waiting.pop(interaction, None)

    def wake_all(self) -> None:
        """Let everybody look: something may have been missed."""
        for waiting in self._waiting.values():
            for listener in waiting:
                listener.wake()


class RedisMoves:
    """``Moves`` of every copy of the bridge: one subscription for each process."""

    def __init__(self, url: str, prefix: str = "idp-bridge:") -> None:
        self._redis = Redis.from_url(url)
        self._channel = f"{prefix}moves"
        self._here = LocalMoves()

    async def tell(self, interaction: str) -> None:
        try:
            await self._redis.publish(self._channel, interaction)
        except RedisError:
            # Only a hint is lost: whoever waits looks by itself soon.
            await self._here.tell(interaction)

    def listen(self, interaction: str) -> Listener:
        return self._here.listen(interaction)

    def leave(self, interaction: str, listener: Listener) -> None:
        self._here.leave(interaction, listener)

    async def run(self) -> None:
        """Pass word on until cancelled; after a break in the line everybody looks."""
        while True:
            try:
                async with self._redis.pubsub() as line:
                    await line.subscribe(self._channel)
                    self._here.wake_all()
                    async for message in line.listen():
                        if message["type"] == "message":
                            await self._here.tell(message["data"].decode())
            except RedisError:
                await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()
