"""The durable records: devices, kiosks, sign-ins, locks and the audit."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from idp_bridge.core.audit import AuditEvent
from idp_bridge.core.devices import Device
from idp_bridge.core.errors import Conflict
from idp_bridge.core.geo import Position
from idp_bridge.core.kiosks import Kiosk
from idp_bridge.core.sign_ins import SignIn
from idp_bridge.store.database import Database, moments
from idp_bridge.store.tables import audit, devices, kiosks, qr_locks, sign_ins


class SqlDevices:
    """``DeviceRecords``: a revoked row stays, so that its key cannot return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, device: Device) -> None:
        try:
            await self._database.run(insert(devices).values(asdict(device)))
        except IntegrityError:
            raise Conflict("this key was registered before") from None

    async def find(self, device_id: str) -> Device | None:
        found = await self._select(devices.c.id == device_id)
        return found[0] if found else None

    async def of(self, realm: str, subject: str) -> tuple[Device, ...]:
        return await self._select(_account(devices, realm, subject))

    async def used(self, device_id: str, at: datetime) -> None:
        await self._database.run(
            update(devices).where(devices.c.id == device_id).values(last_used=at)
        )

    async def revoke(self, device_id: str, at: datetime) -> None:
        await self._revoke(devices.c.id == device_id, at)

    async def revoke_all(self, realm: str, subject: str, at: datetime) -> None:
        await self._revoke(_account(devices, realm, subject), at)

    async def _revoke(self, where: Any, at: datetime) -> None:
        live = and_(where, devices.c.revoked.is_(None))
        await self._database.run(update(devices).where(live).values(revoked=at))

    async def _select(self, where: Any) -> tuple[Device, ...]:
        live = select(devices).where(and_(where, devices.c.revoked.is_(None)))
        rows = await self._database.rows(live.order_by(devices.c.registered.desc()))
        return tuple(Device(**_without(moments(row), "revoked")) for row in rows)


class SqlKiosks:
    """``KioskRecords``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, kiosk: Kiosk) -> None:
        row = _without(asdict(kiosk), "position") | {
            "latitude": kiosk.position.latitude,
            "longitude": kiosk.position.longitude,
            "datum": kiosk.position.datum,
        }
        async with self._database.begin() as connection:
            await connection.execute(delete(kiosks).where(kiosks.c.id == kiosk.id))
            await connection.execute(insert(kiosks).values(row))

    async def find(self, kiosk_id: str) -> Kiosk | None:
        rows = await self._database.rows(select(kiosks).where(kiosks.c.id == kiosk_id))
        return _kiosk(moments(rows[0])) if rows else None

    async def all(self) -> tuple[Kiosk, ...]:
        rows = await self._database.rows(select(kiosks).order_by(kiosks.c.created.desc()))
        return tuple(_kiosk(moments(row)) for row in rows)


class SqlSignIns:
    """``SignInRecords``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, sign_in: SignIn) -> None:
        # A second sign-in of one browser keeps its sid (the first that Keycloak saw): newest wins.
        async with self._database.begin() as connection:
            await connection.execute(delete(sign_ins).where(_session(sign_in.realm, sign_in.sid)))
            await connection.execute(insert(sign_ins).values(asdict(sign_in)))

    async def find(self, realm: str, sid: str) -> SignIn | None:
        rows = await self._database.rows(select(sign_ins).where(_session(realm, sid)))
        return SignIn(**moments(rows[0])) if rows else None

    async def of(self, realm: str, subject: str, limit: int) -> tuple[SignIn, ...]:
        newest = select(sign_ins).where(_account(sign_ins, realm, subject))
        rows = await self._database.rows(newest.order_by(sign_ins.c.at.desc()).limit(limit))
        return tuple(SignIn(**moments(row)) for row in rows)

    async def ended(self, realm: str, sid: str, at: datetime) -> None:
        await self._database.run(update(sign_ins).where(_session(realm, sid)).values(ended=at))

    async def due(self, now: datetime) -> tuple[SignIn, ...]:
        over = and_(sign_ins.c.ends <= now, sign_ins.c.ended.is_(None))
        rows = await self._database.rows(select(sign_ins).where(over))
        return tuple(SignIn(**moments(row)) for row in rows)


class SqlQrLocks:
    """``QrLocks``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lock(self, realm: str, subject: str, until: datetime | None, reason: str) -> None:
        row = {"realm": realm, "subject": subject, "until": until, "reason": reason}
        async with self._database.begin() as connection:
            await connection.execute(delete(qr_locks).where(_account(qr_locks, realm, subject)))
            await connection.execute(insert(qr_locks).values(row))

    async def unlock(self, realm: str, subject: str) -> None:
        await self._database.run(delete(qr_locks).where(_account(qr_locks, realm, subject)))

    async def is_locked(self, realm: str, subject: str, now: datetime) -> bool:
        where = and_(_account(qr_locks, realm, subject), _in_force(now))
        return bool(await self._database.rows(select(qr_locks).where(where)))

    async def all(self, now: datetime) -> tuple[tuple[str, str, datetime | None, str], ...]:
        rows = await self._database.rows(select(qr_locks).where(_in_force(now)))
        held = [moments(row) for row in rows]
        return tuple((r["realm"], r["subject"], r["until"], r["reason"]) for r in held)


class SqlAudit:
    """``Audit``: rows are only ever added."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, event: AuditEvent) -> None:
        row = asdict(event) | {"detail": dict(event.detail)}
        await self._database.run(insert(audit).values(row))

    async def of_account(self, realm: str, account: str, limit: int) -> tuple[AuditEvent, ...]:
        where = and_(audit.c.realm == realm, audit.c.account == account)
        return await self._select(select(audit).where(where), limit)

    async def newest(self, limit: int) -> tuple[AuditEvent, ...]:
        return await self._select(select(audit), limit)

    async def _select(self, statement: Any, limit: int) -> tuple[AuditEvent, ...]:
        rows = await self._database.rows(statement.order_by(audit.c.id.desc()).limit(limit))
        return tuple(AuditEvent(**_without(moments(row), "id")) for row in rows)


def _account(table: Any, realm: str, subject: str) -> Any:
    return and_(table.c.realm == realm, table.c.subject == subject)


def _session(realm: str, sid: str) -> Any:
    return and_(sign_ins.c.realm == realm, sign_ins.c.sid == sid)


def _in_force(now: datetime) -> Any:
    return or_(qr_locks.c.until.is_(None), qr_locks.c.until > now)


def _kiosk(row: dict[str, Any]) -> Kiosk:
    position = Position(row.pop("latitude"), row.pop("longitude"), row.pop("datum"))
    return Kiosk(position=position, **row)


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}
