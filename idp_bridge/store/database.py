"""One database, opened once: PostgreSQL, or SQLite when everything is embedded."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Executable, RowMapping, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from idp_bridge.core.errors import Unavailable
from idp_bridge.store.tables import metadata


class Database:
    """Runs statements, each in a transaction of its own; failures are ``Unavailable``."""

    def __init__(self, url: str) -> None:
        self._engine: AsyncEngine = create_async_engine(url, pool_pre_ping=True)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _careful_sqlite)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    async def open(self) -> None:
        """Make what tables are missing."""
        async with self.begin() as connection:
            await connection.run_sync(metadata.create_all)

    async def clear(self) -> None:
        """Drop every table of ours, with all that is in them."""
        async with self.begin() as connection:
            await connection.run_sync(metadata.drop_all)

    async def close(self) -> None:
        """Give the connections back."""
        await self._engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, OSError) as error:
            raise Unavailable(f"database: {type(error).__name__}") from error

    async def run(self, statement: Executable) -> int:
        """Execute; how many rows it touched."""
        async with self.begin() as connection:
            result = await connection.execute(statement)
            return int(getattr(result, "rowcount", 0))

    async def rows(self, statement: Executable) -> Sequence[RowMapping]:
        """Execute; the rows it gave."""
        async with self.begin() as connection:
            result = await connection.execute(statement)
            return list(result.mappings())


def aware(moment: datetime | None) -> datetime | None:
    """SQLite forgets that moments are UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def moments(row: RowMapping) -> dict[str, Any]:
    """A row with every moment aware."""
    return {k: aware(v) if isinstance(v, datetime) else v for k, v in row.items()}


def _careful_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=5000", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
