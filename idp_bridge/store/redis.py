"""Short-lived state in Redis, shared by every copy of the bridge."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from idp_bridge.core.errors import Unavailable

_SWAP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


class RedisStore:
    """A ``Store`` over one Redis; a full pool waits for a connection instead of failing."""

    def __init__(self, url: str, prefix: str = "idp-bridge:", connections: int = 64) -> None:
        # A burst of ten thousand pages takes its turn; a Redis that is away is noticed at once.
        pool = BlockingConnectionPool.from_url(url, max_connections=connections, timeout=20)
        self._redis = Redis(connection_pool=pool)
        self._prefix = prefix
        self._swap = self._redis.register_script(_SWAP)

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        async with _reachable():
            await self._redis.set(self._prefix + key, value, px=_ms(ttl))

    async def get(self, key: str) -> bytes | None:
        async with _reachable():
            return _bytes(await self._redis.get(self._prefix + key))

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        async with _reachable():
            values = await self._redis.mget([self._prefix + key for key in keys])
            return [_bytes(value) for value in values]

    async def take(self, key: str) -> bytes | None:
        async with _reachable():
            return _bytes(await self._redis.getdel(self._prefix + key))

    async def swap(self, key: str, old: bytes | None, new: bytes, ttl: timedelta) -> bool:
        async with _reachable():
            if old is None:
                return bool(await self._redis.set(self._prefix + key, new, px=_ms(ttl), nx=True))
            args: list[bytes | int] = [old, new, _ms(ttl)]
            return bool(await self._swap(keys=[self._prefix + key], args=args))

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()


@asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    try:
        yield
    except RedisError as error:
        raise Unavailable(f"redis: {type(error).__name__}") from error


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _ms(ttl: timedelta) -> int:
    return max(1, int(ttl.total_seconds() * 1000))
