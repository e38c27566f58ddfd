"""What apps still have to be told of ended sessions, durably."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp_bridge.core.app_logout import Line
from idp_bridge.core.visits import Visit
from idp_bridge.store.database import Database, moments
from idp_bridge.store.tables import app_logouts


class SqlOutbox:
    """``Outbox``: a line is changed only as the caller last saw it, so that one copy tells."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, line: Line) -> bool:
        try:
            await self._database.run(insert(app_logouts).values(_row(line)))
        except IntegrityError:
            return False
        return True

    async def due(self, now: datetime, limit: int) -> tuple[Line, ...]:
        waiting = select(app_logouts).where(app_logouts.c.due <= now)
        rows = await self._database.rows(waiting.order_by(app_logouts.c.due).limit(limit))
        return tuple(_line(row) for row in rows)

    async def change(self, old: Line, new: Line) -> bool:
        seen = (app_logouts.c.key == old.visit.key) & (app_logouts.c.tries == old.tries)
        seen &= app_logouts.c.due == old.due
        return await self._database.run(update(app_logouts).where(seen).values(_row(new))) == 1

    async def cross_out(self, visit: Visit) -> None:
        await self._database.run(delete(app_logouts).where(app_logouts.c.key == visit.key))

    async def given_up(self, limit: int) -> tuple[Line, ...]:
        given_up = select(app_logouts).where(app_logouts.c.due.is_(None))
        rows = await self._database.rows(given_up.order_by(app_logouts.c.since.desc()).limit(limit))
        return tuple(_line(row) for row in rows)

    async def forget(self, before: datetime) -> None:
        old = app_logouts.c.due.is_(None) & (app_logouts.c.since < before)
        await self._database.run(delete(app_logouts).where(old))


def _row(line: Line) -> dict[str, Any]:
    facts = {"since": line.since, "due": line.due, "tries": line.tries, "reason": line.reason[:200]}
    return {"key": line.visit.key, "visit": asdict(line.visit), **facts}


def _line(row: RowMapping) -> Line:
    facts = moments(row)
    facts.pop("key")
    return Line(**(facts | {"visit": Visit(**facts["visit"])}))
