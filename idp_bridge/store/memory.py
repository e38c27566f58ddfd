"""Short-lived state in one process, for tests of the core."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from idp_bridge.core.clock import Clock


class MemoryStore:
    """A ``Store`` whose time is the clock it is given."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: dict[str, tuple[bytes, datetime]] = {}

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        self._values[key] = (value, self._clock() + ttl)

    async def get(self, key: str) -> bytes | None:
        return self._held(key)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return [await self.get(key) for key in keys]

    async def take(self, key: str) -> bytes | None:
        value = self._held(key)
        self._values.pop(key, None)
        return value

    async def swap(self, key: str, old: bytes | None, new: bytes, ttl: timedelta) -> bool:
        if self._held(key) != old:
            return False
        self._values[key] = (new, self._clock() + ttl)
        return True

    def _held(self, key: str) -> bytes | None:
        value, expires = self._values.get(key, (None, None))
        return value if expires is not None and expires > self._clock() else None
