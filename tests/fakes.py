"""Hand-written stand-ins for ports, and a phone that signs like the real page does."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from idp_bridge.core.accounts import Account, KeycloakSession
from idp_bridge.core.audit import AuditEvent
from idp_bridge.core.devices import Device
from idp_bridge.core.errors import Conflict
from idp_bridge.core.kiosks import Kiosk
from idp_bridge.core.sign_ins import SignIn
from idp_bridge.store.memory import MemoryStore
from idp_bridge_qr.keys import b64encode

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class FakeClock:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class RacingStore(MemoryStore):
    """A store over a wire: every verb lets others run, so callers really race."""

    async def get(self, key: str) -> bytes | None:
        value = await super().get(key)
        await asyncio.sleep(0)
        return value

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        await asyncio.sleep(0)
        await super().put(key, value, ttl)


class FakeAccounts:
    """Keycloak's accounts as a table; records links, required actions and ended sessions."""

    def __init__(self, *accounts: Account) -> None:
        self.table = {(a.realm, a.subject): a for a in accounts}
        self.links: set[tuple[str, str, str]] = set()
        self.actions: list[tuple[str, str, str]] = []
        self.ended: list[tuple[str, str]] = []
        self.live: dict[tuple[str, str], tuple[KeycloakSession, ...]] = {}

    def change(self, realm: str, subject: str, **changes: Any) -> None:
        self.table[realm, subject] = replace(self.table[realm, subject], **changes)

    async def find(self, realm: str, subject: str) -> Account | None:
        return self.table.get((realm, subject))

    async def find_by_username(self, realm: str, username: str) -> Account | None:
        held = (a for a in self.table.values() if (a.realm, a.username) == (realm, username))
        return next(held, None)

    async def sessions(self, realm: str, subject: str) -> tuple[KeycloakSession, ...]:
        return self.live.get((realm, subject), ())

    async def end_session(self, realm: str, session_id: str) -> None:
        self.ended.append((realm, session_id))

    async def end_sessions(self, realm: str, subject: str) -> None:
        self.ended.append((realm, subject))

    async def link(self, realm: str, subject: str, connector: str) -> None:
        self.links.add((realm, subject, connector))

    async def is_linked(self, realm: str, subject: str, connector: str) -> bool:
        return (realm, subject, connector) in self.links

    async def require_action(self, realm: str, subject: str, action: str) -> None:
        self.actions.append((realm, subject, action))

    async def has_credential(self, realm: str, subject: str) -> bool:
        return False


class ListedAudit:
    """An audit that can be read back whole."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]

    async def record(self, event: AuditEvent) -> None:
        self.events.append(event)

    async def of_account(self, realm: str, account: str, limit: int) -> tuple[AuditEvent, ...]:
        held = [e for e in reversed(self.events) if (e.realm, e.account) == (realm, account)]
        return tuple(held[:limit])

    async def newest(self, limit: int) -> tuple[AuditEvent, ...]:
        return tuple(reversed(self.events))[:limit]


class MemoryDevices:
    """Device records in memory, for tests that make thousands."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Device, bool]] = {}

    async def add(self, device: Device) -> None:
        if device.id in self._rows:
            raise Conflict("registered before")
        self._rows[device.id] = (device, True)

    async def find(self, device_id: str) -> Device | None:
        device, live = self._rows.get(device_id, (None, False))
        return device if live else None

    async def of(self, realm: str, subject: str) -> tuple[Device, ...]:
        rows = self._rows.values()
        return tuple(d for d, live in rows if live and (d.realm, d.subject) == (realm, subject))

    async def used(self, device_id: str, at: datetime) -> None:
        device, live = self._rows[device_id]
        self._rows[device_id] = (replace(device, last_used=at), live)

    async def revoke(self, device_id: str, at: datetime) -> None:
        self._rows[device_id] = (self._rows[device_id][0], False)

    async def revoke_all(self, realm: str, subject: str, at: datetime) -> None:
        for device in await self.of(realm, subject):
            await self.revoke(device.id, at)


class MemoryKiosks:
    """Kiosk records in memory."""

    def __init__(self) -> None:
        self._rows: dict[str, Kiosk] = {}

    async def write(self, kiosk: Kiosk) -> None:
        self._rows[kiosk.id] = kiosk

    async def find(self, kiosk_id: str) -> Kiosk | None:
        return self._rows.get(kiosk_id)

    async def all(self) -> tuple[Kiosk, ...]:
        return tuple(self._rows.values())


class MemorySignIns:
    """Sign-in records in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], SignIn] = {}

    async def add(self, sign_in: SignIn) -> None:
        self.rows[sign_in.realm, sign_in.sid] = sign_in

    async def find(self, realm: str, sid: str) -> SignIn | None:
        return self.rows.get((realm, sid))

    async def of(self, realm: str, subject: str, limit: int) -> tuple[SignIn, ...]:
        held = [s for s in self.rows.values() if (s.realm, s.subject) == (realm, subject)]
        return tuple(sorted(held, key=lambda s: s.at, reverse=True)[:limit])

    async def ended(self, realm: str, sid: str, at: datetime) -> None:
        self.rows[realm, sid] = replace(self.rows[realm, sid], ended=at)

    async def due(self, now: datetime) -> tuple[SignIn, ...]:
        rows = self.rows.values()
        return tuple(s for s in rows if s.ends and s.ends <= now and s.ended is None)


class MemoryQrLocks:
    """Locks in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], tuple[datetime | None, str]] = {}

    async def lock(self, realm: str, subject: str, until: datetime | None, reason: str) -> None:
        self._rows[realm, subject] = (until, reason)

    async def unlock(self, realm: str, subject: str) -> None:
        self._rows.pop((realm, subject), None)

    async def is_locked(self, realm: str, subject: str, now: datetime) -> bool:
        if (realm, subject) not in self._rows:
            return False
        until, _ = self._rows[realm, subject]
        return until is None or until > now

    async def all(self, now: datetime) -> tuple[tuple[str, str, datetime | None, str], ...]:
        rows = self._rows.items()
        return tuple((r, s, until, why) for (r, s), (until, why) in rows)


class SigningKey:
    """A P-256 key that signs compact JWS as WebCrypto does: raw ``r || s``."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.jwk = {
            "crv": "P-256",
            "kty": "EC",
            "x": b64encode(numbers.x.to_bytes(32)),
            "y": b64encode(numbers.y.to_bytes(32)),
        }

    def jws(self, header: dict[str, Any], payload: dict[str, Any]) -> str:
        parts = [b64encode(json.dumps(part).encode()) for part in (header, payload)]
        der = self.private.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return ".".join([*parts, b64encode(r.to_bytes(32) + s.to_bytes(32))])

    def proof(self, url: str, at: datetime, *, jti: str, typ: str = "dpop+jwt", **more: Any) -> str:
        header = {"typ": typ, "alg": "ES256", "jwk": self.jwk}
        payload = {"htm": "POST", "htu": url, "iat": int(at.timestamp()), "jti": jti, **more}
        return self.jws(header, payload)
