"""Where an app's sessions lie: in one process's memory, or in Redis for apps of several copies.

Values are sealed before they come here (``sessions.Sealed``), so a copy of the store signs in
nobody.
"""

import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol


class Store(Protocol):
    """Values that end by themselves, and sets of names. Methods may be coroutines.

    Of two racing callers of ``swap`` with the same ``old``, one gets a true answer.
    """

    def get(self, key: str) -> bytes | Awaitable[bytes | None] | None:
        """The value, or None when it is not there or its time is over."""
        ...

    def put(self, key: str, value: bytes, seconds: int) -> Any:
        """Keep ``value`` for ``seconds``."""
        ...

    def swap(self, key: str, old: bytes, new: bytes, seconds: int) -> Any:
        """Replace exactly ``old``; false when something else or nothing is there."""
        ...

    def drop(self, *keys: str) -> Any:
        """Forget values and sets."""
        ...

    def add(self, group: str, name: str, seconds: int) -> Any:
        """Put ``name`` into a set that is kept for ``seconds`` from now."""
        ...

    def names(self, group: str) -> Iterable[str | bytes] | Awaitable[Iterable[str | bytes]]:
        """The set's names, nothing when there is no such set."""
        ...


class MemoryStore:
    """For an app of one process. At most ``most`` values; the oldest makes room."""

    def __init__(self, most: int = 50_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[bytes, float]] = {}
        self._groups: dict[str, tuple[set[str], float]] = {}

    def get(self, key: str) -> bytes | None:
        with self._lock:
            return self._living(key)

    def put(self, key: str, value: bytes, seconds: int) -> None:
        with self._lock:
            self._keep(key, value, seconds)

    def swap(self, key: str, old: bytes, new: bytes, seconds: int) -> bool:
        with self._lock:
            if self._living(key) != old:
                return False
            self._keep(key, new, seconds)
            return True

    def drop(self, *keys: str) -> None:
        with self._lock:
            for key in keys:
                self._values.pop(key, None)
                self._groups.pop(key, None)

    def add(self, group: str, name: str, seconds: int) -> None:
        with self._lock:
            names, until = self._groups.pop(group, (set(), 0.0))
            living = {one for one in names if self._living(one) is not None}
            self._groups[group] = ({*living, name}, max(until, self._clock() + seconds))
            while len(self._groups) > 2 * self._most:
                self._groups.pop(next(iter(self._groups)))

    def names(self, group: str) -> set[str]:
        with self._lock:
            return set(self._groups.get(group, (set(), 0.0))[0])

    def _living(self, key: str) -> bytes | None:
        value, until = self._values.get(key, (None, 0.0))
        return value if until > self._clock() else None

    def _keep(self, key: str, value: bytes, seconds: int) -> None:
        self._values.pop(key, None)
        self._values[key] = (value, self._clock() + seconds)
        while len(self._values) > self._most:
            self._values.pop(next(iter(self._values)))


_SWAP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
_ADD = """
redis.call('SADD', KEYS[1], ARGV[1])
return redis.call('EXPIRE', KEYS[1], ARGV[2])
"""


class RedisStore:
    """Over a client of redis-py's interface, ``redis.Redis`` or ``redis.asyncio.Redis``.

    ``prefix`` keeps apps apart that share a server. Answers must be bytes, as is the default.
    """

    def __init__(self, client: Any, *, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, key: str) -> Any:
        return self._client.get(self._prefix + key)

    def put(self, key: str, value: bytes, seconds: int) -> Any:
        return self._client.set(self._prefix + key, value, ex=seconds)

    def swap(self, key: str, old: bytes, new: bytes, seconds: int) -> Any:
        return self._client.eval(_SWAP, 1, self._prefix + key, old, new, seconds)

    def drop(self, *keys: str) -> Any:
        return self._client.delete(*(self._prefix + key for key in keys))

    def add(self, group: str, name: str, seconds: int) -> Any:
        return self._client.eval(_ADD, 1, self._prefix + group, name, seconds)

    def names(self, group: str) -> Any:
        return self._client.smembers(self._prefix + group)
