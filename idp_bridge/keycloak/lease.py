"""One leader among the copies of the bridge, with nothing but the store's ``swap``.

    nobody's --swap(absent, token)--> held --swap(token, token) every while--> held
    held --its time runs out--> nobody's

The holder counts its time from before it asked, so it stops before anybody else can begin.
"""

from datetime import UTC, datetime, timedelta

from idp_bridge.core.clock import Clock
from idp_bridge.core.secret import new_token
from idp_bridge.core.store import Store

LEASE_LIFE = timedelta(seconds=6)
_MOMENT = timedelta(milliseconds=1)


class LeaseLost(Exception):
    """Somebody else leads now; whatever was under way stops here."""


class Lease:
    """The right to do one named thing, for 6 s at a time."""

    def __init__(self, store: Store, name: str, clock: Clock) -> None:
        self._store = store
        self._key = f"lease:{name}"
        self._clock = clock
        self._token: bytes | None = None
        self._until = datetime.min.replace(tzinfo=UTC)

    @property
    def is_held(self) -> bool:
        """Whether it is ours at this moment."""
        return self._token is not None and self._clock() < self._until

    async def hold(self) -> bool:
        """Take it, or keep it for another 6 s; ``False`` when it is somebody else's."""
        try:
            await self.keep()
        except LeaseLost:
            began, token = self._clock(), new_token().encode()
            self._token = token if await self._swap(None, token) else None
            self._until = began + LEASE_LIFE
        return self.is_held

    async def keep(self) -> None:
        """Keep it for another 6 s. Raises ``LeaseLost`` when it is somebody else's already."""
        began = self._clock()
        if self._token is None or not await self._swap(self._token, self._token):
            raise LeaseLost(self._key)
        self._until = began + LEASE_LIFE

    async def release(self) -> None:
        """Give it back, so that another need not wait."""
        token, self._token = self._token, None
        if token is not None:
            await self._store.swap(self._key, token, token, _MOMENT)

    async def _swap(self, old: bytes | None, new: bytes) -> bool:
        return await self._store.swap(self._key, old, new, LEASE_LIFE)
