"""What became of tickets, so that an administrator can be told why one was refused.

Only a ticket's digest is kept: whoever has the ticket finds its trail, and nobody finds a ticket in
a trail. A trail outlives its ticket by far, or an expired one could not be told from one that was
never issued.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.clock import Clock
from idp_bridge.core.secret import digest
from idp_bridge.core.store import Store

KEPT = timedelta(hours=24)
# Guesses of tickets that nobody issued must not fill the store.
_GUESS_KEPT = timedelta(minutes=15)
_MOST = 5
_RACES = 20
# Whatever else somebody sends is no ticket of anybody's and leaves no trail.
_TICKET = re.compile(r"[A-Za-z0-9._~-]{8,8192}")


@dataclass(frozen=True, slots=True)
class Issued:
    """A ticket was given out: for which app and address, and for whose account."""

    at: datetime
    realm: str
    client_id: str
    service: str
    account: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """It was refused. ``reason`` is a key of the page texts, ``service`` who it was shown for."""

    at: datetime
    reason: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """What is known of one ticket. ``issued`` is ``None`` when it was not ours, or long ago."""

    issued: Issued | None = None
    refusals: tuple[Refusal, ...] = ()


class TicketTrail:
    """Trails in the store; a refusal of a ticket that we issued is also put on record."""

    def __init__(self, store: Store, audit: Audit, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    async def issued(self, ticket: str, issued: Issued) -> None:
        """Begin a trail."""
        await self._store.put(_key(ticket), _encode(Trail(issued)), KEPT)

    async def refused(self, ticket: str, reason: str, service: str = "") -> None:
        """Note a refusal; of many the first few are kept."""
        if not _TICKET.fullmatch(ticket):
            return
        refusal = Refusal(self._clock(), reason, service[:500])
        for _ in range(_RACES):
            old = await self._store.get(_key(ticket))
            trail = _decode(old)
            if len(trail.refusals) >= _MOST:
                return
            new = replace(trail, refusals=(*trail.refusals, refusal))
            kept = KEPT if trail.issued else _GUESS_KEPT
            if await self._store.swap(_key(ticket), old, _encode(new), kept):
                await self._record(trail.issued, refusal)
                return

    async def why_refused(self, ticket: str) -> Trail:
        """What became of ``ticket``."""
        return _decode(await self._store.get(_key(ticket.strip())))

    async def _record(self, issued: Issued | None, refusal: Refusal) -> None:
        # Tickets that nobody issued are guesses: recording them would let anybody fill the record.
        if issued is None:
            return
        detail = {"app": issued.client_id, "reason": refusal.reason}
        event = AuditEvent(
            refusal.at, "ticket_refused", issued.realm, issued.account, detail=detail
        )
        await self._audit.record(event)


def _key(ticket: str) -> str:
    return f"ticket-trail:{digest(ticket)}"


def _encode(trail: Trail) -> bytes:
    return json.dumps(asdict(trail), default=datetime.timestamp).encode()


def _decode(value: bytes | None) -> Trail:
    raw = json.loads(value or b"{}")
    issued = Issued(**_dated(raw["issued"])) if raw.get("issued") else None
    return Trail(issued, tuple(Refusal(**_dated(row)) for row in raw.get("refusals", ())))


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "at": datetime.fromtimestamp(row["at"], UTC)}
