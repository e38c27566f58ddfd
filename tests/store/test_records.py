"""The durable records, in SQLite and in PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp_bridge.core.audit import AuditEvent
from idp_bridge.core.devices import Device
from idp_bridge.core.errors import Conflict, Unavailable
from idp_bridge.core.geo import Position
from idp_bridge.core.kiosks import Kiosk
from idp_bridge.core.sign_ins import SignIn
from idp_bridge.store.database import Database
from idp_bridge.store.records import SqlAudit, SqlDevices, SqlKiosks, SqlQrLocks, SqlSignIns
from tests.fakes import START, SigningKey

DEVICE = Device("d1", "residents", "zhang", SigningKey().jwk, "手机", START)
SIGN_IN = SignIn(
    "s1", "residents", "zhang", START, "Chrome", "Windows", "深圳", "10.0.0.0/24", "", "d"
)


async def test_a_device_is_found_until_revoked_and_its_key_never_returns(
    database: Database,
) -> None:
    devices = SqlDevices(database)
    await devices.add(DEVICE)
    later = START + timedelta(hours=1)
    await devices.used("d1", later)
    assert await devices.find("d1") == replace(DEVICE, last_used=later)
    assert await devices.of("residents", "zhang") == (replace(DEVICE, last_used=later),)
    assert await devices.of("residents", "wang") == ()
    await devices.revoke_all("residents", "zhang", later)
    assert await devices.find("d1") is None
    with pytest.raises(Conflict):
        await devices.add(DEVICE)


async def test_a_kiosk_is_written_whole_and_read_whole(database: Database) -> None:
    kiosks = SqlKiosks(database)
    kiosk = Kiosk("k1", "窗口3", "宝安", Position(22.5, 113.8, "GCJ-02"), START)
    await kiosks.write(kiosk)
    enrolled = replace(kiosk, jwk=SigningKey().jwk, enrolled=START)
    await kiosks.write(enrolled)
    assert await kiosks.find("k1") == enrolled
    assert await kiosks.all() == (enrolled,)
    assert await kiosks.find("k2") is None


async def test_a_sign_in_is_due_once_its_end_has_come_and_until_it_ended(
    database: Database,
) -> None:
    sign_ins = SqlSignIns(database)
    ends = START + timedelta(minutes=15)
    await sign_ins.add(SIGN_IN)
    await sign_ins.add(replace(SIGN_IN, sid="s2", ends=ends, at=START + timedelta(seconds=1)))
    assert await sign_ins.due(ends - timedelta(seconds=1)) == ()
    assert [s.sid for s in await sign_ins.due(ends)] == ["s2"]
    await sign_ins.ended("residents", "s2", ends)
    assert await sign_ins.due(ends) == ()
    assert [s.sid for s in await sign_ins.of("residents", "zhang", 5)] == ["s2", "s1"]
    assert (await sign_ins.of("residents", "zhang", 1))[0].ended == ends


async def test_the_newest_sign_in_of_a_browser_replaces_the_one_before(
    database: Database,
) -> None:
    sign_ins = SqlSignIns(database)
    await sign_ins.add(replace(SIGN_IN, ended=START))
    await sign_ins.add(SIGN_IN)
    assert await sign_ins.find("residents", "s1") == SIGN_IN


async def test_a_lock_holds_until_its_time_or_until_unlocked(database: Database) -> None:
    locks = SqlQrLocks(database)
    until = START + timedelta(minutes=30)
    await locks.lock("residents", "zhang", until, "three denials")
    assert await locks.is_locked("residents", "zhang", START)
    assert not await locks.is_locked("residents", "zhang", until)
    await locks.lock("residents", "zhang", None, "reported")
    assert await locks.is_locked("residents", "zhang", until)
    assert await locks.all(until) == (("residents", "zhang", None, "reported"),)
    await locks.unlock("residents", "zhang")
    assert not await locks.is_locked("residents", "zhang", START)


async def test_the_audit_gives_back_what_was_recorded_newest_first(database: Database) -> None:
    audit = SqlAudit(database)
    first = AuditEvent(START, "qr_started", "residents", "zhang", detail={"flow": "f"})
    second = AuditEvent(START, "kiosk_revoked", actor="admin")
    for event in (first, second):
        await audit.record(event)
    assert await audit.newest(10) == (second, first)
    assert await audit.of_account("residents", "zhang", 10) == (first,)


async def test_a_database_that_is_away_is_said_to_be_unavailable() -> None:
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable):
        await SqlAudit(database).newest(1)
