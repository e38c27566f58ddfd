"""Keycloak's two event lists, read so that nothing is missed and nothing is told twice.

Events become visible when their transaction ends, not in the order of their times: each reading
begins some seconds before the newest event known and drops by id what was told. That newest event
is the anchor: a reading that should hold it and does not means that events were cleared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

OVERLAP = timedelta(seconds=10)
_OVERLAP_MS = int(OVERLAP.total_seconds() * 1000)
_PAGE = 500


class Lists(Protocol):
    """Where lists are read: ``AdminApi``."""

    async def list(self, path: str, **query: Any) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a list was read. ``told`` has the times of the events that a reading may see again.

    ``anchor`` is empty while the list is, and the list is then read from its beginning.
    """

    time: int = 0
    anchor: str = ""
    told: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """New events, oldest first, where to go on, and whether events had been cleared before."""

    events: tuple[Mapping[str, Any], ...]
    cursor: Cursor
    cleared: bool = False


class Feed:
    """One list of one realm: ``admin-events`` or ``events``."""

    def __init__(self, api: Lists, path: str, **query: Any) -> None:
        self._api = api
        self._path = path
        self._query = query

    async def begin(self) -> Cursor:
        """A cursor behind everything that is there now."""
        newest = await self._api.list(self._path, max=1, **self._query)
        if not newest:
            return Cursor()
        time = newest[0]["time"]
        rows = await self._since(time - _OVERLAP_MS)
        return _after(rows, Cursor(time=time, anchor=newest[0]["id"]))

    async def read(self, cursor: Cursor, *, settled: bool) -> Reading:
        """Everything new. ``settled``: the anchor is so old that nothing appears before it."""
        back = 0 if settled else _OVERLAP_MS
        rows = await self._since(cursor.time - back if cursor.anchor else 0)
        new = tuple(row for row in rows if row["id"] not in cursor.told)
        if cursor.anchor and all(row["id"] != cursor.anchor for row in rows):
            return Reading(new, _after(rows, Cursor()), cleared=True)
        return Reading(new, _after(rows, cursor) if new else cursor)

    async def _since(self, start: int) -> list[Mapping[str, Any]]:
        """Every event from ``start`` on; each page begins at the time of the last one before."""
        found: dict[str, Mapping[str, Any]] = {}
        since, skip = max(0, start), 0
        while True:
            page = await self._api.list(
                self._path, dateFrom=since, direction="asc", first=skip, max=_PAGE, **self._query
            )
            found.update((row["id"], row) for row in page)
            if len(page) < _PAGE:
                return sorted(found.values(), key=lambda row: row["time"])
            last = page[-1]["time"]
            since, skip = (last, 0) if last > since else (since, skip + _PAGE)


def _after(rows: list[Mapping[str, Any]], cursor: Cursor) -> Cursor:
    times = {**cursor.told, **{row["id"]: row["time"] for row in rows}}
    newest = rows[-1] if rows and rows[-1]["time"] >= cursor.time else None
    time = newest["time"] if newest else cursor.time
    anchor = newest["id"] if newest else cursor.anchor
    told = {id_: at for id_, at in times.items() if at >= time - _OVERLAP_MS}
    return Cursor(time, anchor, told)
