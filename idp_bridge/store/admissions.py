"""The newest admission check of each app, durably."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select

from idp_bridge.core.admission import Finding, Report
from idp_bridge.store.database import Database, moments
from idp_bridge.store.tables import admissions


class SqlAdmissions:
    """``AdmissionRecords``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, report: Report) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                delete(admissions).where(admissions.c.client_id == report.client_id)
            )
            await connection.execute(insert(admissions).values(asdict(report)))

    async def of(self, client_id: str) -> Report | None:
        rows = await self._database.rows(
            select(admissions).where(admissions.c.client_id == client_id)
        )
        return _report(moments(rows[0])) if rows else None

    async def all(self) -> tuple[Report, ...]:
        rows = await self._database.rows(select(admissions).order_by(admissions.c.client_id))
        return tuple(_report(moments(row)) for row in rows)


def _report(row: Mapping[str, Any]) -> Report:
    findings = tuple(Finding(**finding) for finding in row["findings"])
    return Report(**{**row, "findings": findings})
