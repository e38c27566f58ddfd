"""The verbs of ``Store`` over a table: for grants that must survive a flush of Redis."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp_bridge.core.clock import Clock
from idp_bridge.store.database import Database
from idp_bridge.store.tables import durable


class DurableStore:
    """A ``Store`` whose values survive; expiry is checked at read with the clock it is given."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        row = {"value": value, "expires": self._expires(ttl)}
        async with self._database.begin() as connection:
            changed = await connection.execute(
                update(durable).where(durable.c.key == key).values(row)
            )
            if changed.rowcount == 0:
                await connection.execute(insert(durable).values(key=key, **row))

    async def get(self, key: str) -> bytes | None:
        rows = await self._database.rows(select(durable.c.value).where(self._live(key)))
        return bytes(rows[0]["value"]) if rows else None

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        wanted = and_(durable.c.key.in_(keys), self._unexpired())
        rows = await self._database.rows(select(durable.c.key, durable.c.value).where(wanted))
        held = {row["key"]: bytes(row["value"]) for row in rows}
        return [held.get(key) for key in keys]

    async def take(self, key: str) -> bytes | None:
        statement = delete(durable).where(self._live(key)).returning(durable.c.value)
        rows = await self._database.rows(statement)
        return bytes(rows[0]["value"]) if rows else None

    async def swap(self, key: str, old: bytes | None, new: bytes, ttl: timedelta) -> bool:
        row = {"value": new, "expires": self._expires(ttl)}
        if old is not None:
            held = and_(self._live(key), durable.c.value == old)
            return await self._database.run(update(durable).where(held).values(row)) == 1
        dead = and_(durable.c.key == key, durable.c.expires <= self._clock().timestamp())
        if await self._database.run(update(durable).where(dead).values(row)) == 1:
            return True
        try:
            return await self._database.run(insert(durable).values(key=key, **row)) == 1
        except IntegrityError:
            return False

    async def forget_expired(self) -> int:
        """Delete what expired; how many rows."""
        past = durable.c.expires <= self._clock().timestamp()
        return await self._database.run(delete(durable).where(past))

    def _live(self, key: str) -> ColumnElement[bool]:
        return and_(durable.c.key == key, self._unexpired())

    def _unexpired(self) -> ColumnElement[bool]:
        return durable.c.expires > self._clock().timestamp()

    def _expires(self, ttl: timedelta) -> float:
        return self._clock().timestamp() + ttl.total_seconds()
