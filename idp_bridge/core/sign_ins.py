"""Sign-ins by QR as their owner sees them: notices, locks, and "this was not me" (A3, A4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class SignIn:
    """One browser signed in by one approval. ``ends`` is set for kiosks: a sweeper ends it then."""

    sid: str
    realm: str
    subject: str
    at: datetime
    browser: str
    system: str
    city: str
    network: str
    kiosk: str
    device: str
    ends: datetime | None = None
    ended: datetime | None = None


class SignInRecords(Protocol):
    """Durable records: they survive a flush of the store and a restart of the bridge."""

    async def add(self, sign_in: SignIn) -> None: ...

    async def find(self, realm: str, sid: str) -> SignIn | None: ...

    async def of(self, realm: str, subject: str, limit: int) -> tuple[SignIn, ...]:
        """The newest ``limit``, newest first."""
        ...

    async def ended(self, realm: str, sid: str, at: datetime) -> None: ...

    async def due(self, now: datetime) -> tuple[SignIn, ...]:
        """Those whose ``ends`` has come and that have not ended."""
        ...


class QrLocks(Protocol):
    """Accounts that may not sign in by QR for now; durable."""

    async def lock(self, realm: str, subject: str, until: datetime | None, reason: str) -> None:
        """``until`` ``None``: until an administrator unlocks it."""
        ...

    async def unlock(self, realm: str, subject: str) -> None: ...

    async def is_locked(self, realm: str, subject: str, now: datetime) -> bool: ...

    async def all(self, now: datetime) -> tuple[tuple[str, str, datetime | None, str], ...]:
        """(realm, subject, until, reason) of every lock in force."""
        ...


class EndsSessions(Protocol):
    """Ends a session of the bridge's OpenID Provider everywhere it reached."""

    async def end_everywhere(self, realm: str, sid: str) -> None: ...


class SignIns:
    """What a resident does about the places signed in to, and what ends by itself."""

    def __init__(
        self,
        records: SignInRecords,
        locks: QrLocks,
        logout: EndsSessions,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._records = records
        self._locks = locks
        self._logout = logout
        self._audit = audit
        self._clock = clock

    async def of(self, realm: str, subject: str, limit: int = 20) -> tuple[SignIn, ...]:
        """The newest sign-ins of an account."""
        return await self._records.of(realm, subject, limit)

    async def end(self, realm: str, subject: str, sid: str) -> None:
        """End one of the account's own sign-ins everywhere. Raises ``NotFound``."""
        sign_in = await self._own(realm, subject, sid)
        await self._finish(sign_in, "qr_session_ended")

    async def not_me(self, realm: str, subject: str, sid: str) -> None:
        """End it, lock QR login for the account and raise an alert (A4). Raises ``NotFound``."""
        sign_in = await self._own(realm, subject, sid)
        await self._locks.lock(realm, subject, None, "reported by the resident")
        await self._finish(sign_in, "qr_sign_in_disowned")

    async def sweep(self) -> int:
        """End what is due (A2); returns how many. Safe to run in every copy at once."""
        due = await self._records.due(self._clock())
        for sign_in in due:
            await self._finish(sign_in, "kiosk_session_over")
        return len(due)

    async def _own(self, realm: str, subject: str, sid: str) -> SignIn:
        sign_in = await self._records.find(realm, sid)
        if sign_in is None or sign_in.subject != subject:
            raise NotFound("no such sign-in of this account")
        return sign_in

    async def _finish(self, sign_in: SignIn, event: str) -> None:
        # Ended first and noted after: a crash in between ends it twice, never not at all.
        await self._logout.end_everywhere(sign_in.realm, sign_in.sid)
        now = self._clock()
        await self._records.ended(sign_in.realm, sign_in.sid, now)
        await self._audit.record(
            AuditEvent(
                now,
                event,
                sign_in.realm,
                sign_in.subject,
                network=sign_in.network,
                device=sign_in.device,
            )
        )


LOCK_AFTER_DENIALS = 3
DENIALS_WITHIN = timedelta(minutes=10)
LOCKED_FOR = timedelta(minutes=30)
