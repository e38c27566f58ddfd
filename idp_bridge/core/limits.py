"""Rate limits (A5, B6): so many per window for one key, counted in the store."""

import json
from datetime import timedelta

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import TooManyRequests
from idp_bridge.core.store import Store

_RACES = 20


class Limits:
    """Counts of events in windows that begin with the first event."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def spend(self, key: str, limit: int, window: timedelta) -> int:
        """Count one event; returns the count so far.

        Raises ``TooManyRequests`` once the count passes ``limit`` within ``window``.
        """
        stored = f"limit:{key}"
        for _ in range(_RACES):
            now = self._clock().timestamp()
            old = await self._store.get(stored)
            count, began = json.loads(old) if old is not None else (0, now)
            left = began + window.total_seconds() - now
            if left <= 0:
                count, began, left = 0, now, window.total_seconds()
            if count >= limit:
                raise TooManyRequests(f"limit of {_kind(key)}", max(1, round(left)))
            new = json.dumps([count + 1, began]).encode()
            if await self._store.swap(stored, old, new, timedelta(seconds=left)):
                return int(count) + 1
        raise TooManyRequests(f"limit of {_kind(key)}", 1)

    async def reached(self, key: str, limit: int, window: timedelta) -> bool:
        """Count one event; whether it was the ``limit``-th or a later one within ``window``."""
        try:
            return await self.spend(key, limit, window) >= limit
        except TooManyRequests:
            return True

    async def pace(self, key: str, least: timedelta) -> None:
        """Hold a poller to ``least`` between two calls (RFC 8628, 3.5).

        Raises ``TooManyRequests``; the interval then grows by 5 s for this key.
        """
        stored = f"pace:{key}"
        now = self._clock().timestamp()
        old = await self._store.get(stored)
        last, interval = json.loads(old) if old is not None else (0.0, least.total_seconds())
        slow = now - last < interval - _JITTER
        if slow:
            interval += 5
        new = json.dumps([now, interval]).encode()
        await self._store.put(stored, new, timedelta(minutes=10))
        if slow:
            raise TooManyRequests("polled too fast", round(interval))


# A browser's timer may fire a little early; half a second is no attack.
_JITTER = 0.5


def _kind(key: str) -> str:
    return key.partition(":")[0]
