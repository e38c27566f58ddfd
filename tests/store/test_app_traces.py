"""What the durable tables hold about a retired app goes, whichever table it is in."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Integer, Table, insert, select

from idp_bridge.store.app_traces import AppTraces
from idp_bridge.store.database import Database
from idp_bridge.store.tables import app_logouts, audit, metadata

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OF_APPS = [table for table in metadata.sorted_tables if "client_id" in table.c]


def row(table: Table, client_id: str) -> dict[str, Any]:
    """Any row of the table about one app; every value differs by app."""
    return {column.name: _value(column, client_id) for column in table.c} | {"client_id": client_id}


def _value(column: Column[Any], client_id: str) -> Any:
    if isinstance(column.type, DateTime):
        return NOW
    if isinstance(column.type, Integer):
        return len(client_id)
    return {} if isinstance(column.type, JSON) else client_id[:20]


def told(client_id: str, due: datetime | None) -> dict[str, Any]:
    """A line about an app that could not be told of a logout yet."""
    line = {"key": f"{client_id} {due}", "visit": {"client_id": client_id}, "due": due}
    return {**line, "since": NOW, "tries": 5, "reason": "no answer"}


async def test_rows_of_a_retired_app_go_from_every_table_and_those_of_others_stay(
    database: Database,
) -> None:
    for table in OF_APPS:
        for app in ("key-person", "grid-service"):
            await database.run(insert(table).values(row(table, app)))

    await AppTraces(database).forget("key-person")

    assert {table.name for table in OF_APPS} >= {"access_requests", "role_ends", "admissions"}
    for table in OF_APPS:
        left = await database.rows(select(table.c.client_id))
        assert [one["client_id"] for one in left] == ["grid-service"], table.name


async def test_what_was_given_up_is_forgotten_and_what_is_still_due_is_told(
    database: Database,
) -> None:
    for line in (told("key-person", None), told("key-person", NOW), told("grid-service", None)):
        await database.run(insert(app_logouts).values(line))

    await AppTraces(database).forget("key-person")

    left = await database.rows(select(app_logouts.c.key))
    assert {one["key"] for one in left} == {f"key-person {NOW}", "grid-service None"}


async def test_the_record_of_what_happened_stays(database: Database) -> None:
    facts = dict.fromkeys(("realm", "account", "actor", "network", "device", "context"), "")
    event = {"at": NOW, "name": "role_granted", "detail": {"app": "key-person"}, **facts}
    await database.run(insert(audit).values(event))

    await AppTraces(database).forget("key-person")

    assert len(await database.rows(select(audit))) == 1
