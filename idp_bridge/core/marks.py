"""Port: marks in the store that every copy of the bridge is told of as they are written.

What a copy keeps in its own memory holds only while it is ``in_touch``: then nothing that was
marked more than two seconds ago can have been missed.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from idp_bridge.core.store import Store

Hear = Callable[[str, bytes], None]
"""Called with a mark's key and value (empty: taken away); with an empty key when some were lost."""


class Marks(Protocol):
    """Writes marks, and tells of them in the same step."""

    async def mark(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Raises ``Unavailable``; then nobody was told and nothing is written."""
        ...

    async def clear(self, key: str) -> None: ...

    def listen(self, hear: Hear) -> None: ...

    def in_touch(self) -> bool: ...


class LocalMarks:
    """``Marks`` of one process over any store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listening: list[Hear] = []
        self.touch = True

    async def mark(self, key: str, value: bytes, ttl: timedelta) -> None:
        await self._store.put(key, value, ttl)
        self.tell(key, value)

    async def clear(self, key: str) -> None:
        await self._store.take(key)
        self.tell(key, b"")

    def listen(self, hear: Hear) -> None:
        self._listening.append(hear)

    def in_touch(self) -> bool:
        return self.touch

    def tell(self, key: str, value: bytes) -> None:
        """Pass word on to those who listen here."""
        for hear in self._listening:
            hear(key, value)
