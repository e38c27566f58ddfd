"""Results of admission checks, in SQLite and in PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

from idp_bridge.core.admission import Finding, Report
from idp_bridge.store.admissions import SqlAdmissions
from idp_bridge.store.app_traces import AppTraces
from idp_bridge.store.database import Database
from tests.fakes import START

FAILED = Finding("logout", "workers", "failed", "logout_ignored", {"role": "handler"})
REPORT = Report("grid", "oidc", "d1", START, (Finding("enter", "workers", "passed"), FAILED))


async def test_a_report_is_read_as_it_was_written(database: Database) -> None:
    records = SqlAdmissions(database)
    await records.put(REPORT)

    assert await records.of("grid") == REPORT
    assert await records.of("other") is None


async def test_of_several_reports_about_an_app_the_newest_is_kept(database: Database) -> None:
    records = SqlAdmissions(database)
    newer = replace(REPORT, digest="d2", at=START + timedelta(hours=1), findings=())
    await records.put(REPORT)
    await records.put(newer)

    assert await records.all() == (newer,)


async def test_a_retired_app_has_no_report(database: Database) -> None:
    records = SqlAdmissions(database)
    await records.put(REPORT)

    await AppTraces(database).forget("grid")

    assert await records.all() == ()
