"""The port to short-lived state: a few verbs, every key with a time to live."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol


class Store(Protocol):
    """Short-lived state, shared by every copy of the bridge.

    Of two racing callers of ``take`` one gets the value; of two racing callers of ``swap`` with the
    same ``old`` one gets ``True``. An expired key reads as absent. Raises ``Unavailable`` when the
    store cannot be reached.
    """

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Write, replacing what was there."""
        ...

    async def get(self, key: str) -> bytes | None:
        """Read without changing."""
        ...

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Read several at one moment, in one trip; values in the order of ``keys``."""
        ...

    async def take(self, key: str) -> bytes | None:
        """Read and delete in one step."""
        ...

    async def swap(self, key: str, old: bytes | None, new: bytes, ttl: timedelta) -> bool:
        """Write ``new`` only if the value is ``old`` (``None``: only if absent)."""
        ...
