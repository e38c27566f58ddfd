"""What ended and what changed, in the store, compared on every use of a session.

A bridge-served session reads these marks each time it is used, so a logout or a role change
written by any copy of the bridge is in force everywhere at once. What forward-auth keeps in memory
is told of each mark as it is written (``marks``).

``end``    the session, or every session of the account begun before now, is over
``stale``  what was read from Keycloak about the account, or the realm, before now is out of date
``heard``  the follower has read the realm's events successfully just now
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum

from idp_bridge.core.clock import Clock
from idp_bridge.core.marks import LocalMarks, Marks
from idp_bridge.core.store import Store

FOLLOWED_FOR = timedelta(seconds=10)
RIGHTS_LIVE = timedelta(seconds=60)
# Nothing tells of a change in a federated directory, so rights from there are read again this soon.
FEDERATED_RIGHTS_LIVE = timedelta(seconds=2)
_SESSION_LIFE = timedelta(hours=24)


class Standing(Enum):
    """What a session may do next."""

    GOOD = "good"
    STALE = "stale"
    ENDED = "ended"


class Revocations:
    """Marks in the store; no mark outlives the sessions it speaks of."""

    def __init__(self, store: Store, clock: Clock, marks: Marks | None = None) -> None:
        self._store = store
        self._clock = clock
        self._marks = marks or LocalMarks(store)

    @property
    def marks(self) -> Marks:
        """For who keeps in memory what these marks are about."""
        return self._marks

    async def end_session(self, realm: str, sid: str) -> None:
        """The session ``sid`` of ``realm`` is over."""
        await self._mark(f"ended:{realm}:sid:{sid}", _SESSION_LIFE)

    async def end_account(self, realm: str, subject: str) -> None:
        """Every session that the account began before now is over."""
        await self._mark(f"ended:{realm}:sub:{subject}", _SESSION_LIFE)

    async def end_realm(self, realm: str) -> None:
        """Every session that anybody began in ``realm`` before now is over."""
        await self._mark(f"ended:{realm}:all", _SESSION_LIFE)

    async def stale_account(self, realm: str, subject: str) -> None:
        """Rights of the account read before now must be read again."""
        await self._mark(f"stale:{realm}:sub:{subject}", RIGHTS_LIVE * 2)

    async def stale_realm(self, realm: str) -> None:
        """Everything read from ``realm`` before now must be read again."""
        await self._mark(f"stale:{realm}:all", RIGHTS_LIVE * 2)

    async def heard(self, realm: str, at: datetime | None = None) -> None:
        """The follower has read every event of the realm up to ``at`` (now)."""
        moment = at or self._clock()
        await self._marks.mark(f"heard:{realm}", _encode(moment), FOLLOWED_FOR)

    async def deaf(self, realm: str) -> None:
        """Nobody can know any more what changes in the realm: read live from now on."""
        await self._marks.clear(f"heard:{realm}")

    async def is_followed(self, realm: str) -> bool:
        """Whether somebody read the realm's events within the last 10 s."""
        heard = await self._store.get(f"heard:{realm}")
        return _not_before(heard, self._clock() - FOLLOWED_FOR)

    async def realm_is_fresh(
        self, realm: str, read_at: datetime, lives: timedelta = RIGHTS_LIVE
    ) -> bool:
        """Whether something read from ``realm`` at ``read_at`` may still be relied on."""
        marks = await self._store.get_many([f"heard:{realm}", f"stale:{realm}:all"])
        return self._is_fresh(marks, read_at, lives)

    async def standing(
        self,
        *,
        realm: str,
        subject: str,
        sid: str,
        began: datetime,
        read_at: datetime,
        lives: timedelta = RIGHTS_LIVE,
    ) -> Standing:
        """How a session stands that began at ``began`` with rights read at ``read_at``.

        ``lives`` is ``FEDERATED_RIGHTS_LIVE`` for an account whose roles come from LDAP.
        """
        keys = [
            *(f"ended:{realm}:{scope}" for scope in (f"sid:{sid}", f"sub:{subject}", "all")),
            *(f"stale:{realm}:sub:{subject}", f"heard:{realm}", f"stale:{realm}:all"),
        ]
        over, account_over, all_over, stale, *of_realm = await self._store.get_many(keys)
        if over is not None or _not_before(account_over, began) or _not_before(all_over, began):
            return Standing.ENDED
        if _not_before(stale, read_at) or not self._is_fresh(of_realm, read_at, lives):
            return Standing.STALE
        return Standing.GOOD

    def _is_fresh(self, marks: Sequence[bytes | None], read_at: datetime, lives: timedelta) -> bool:
        heard, stale = marks
        now = self._clock()
        followed = now - read_at < lives and _not_before(heard, now - FOLLOWED_FOR)
        return followed and not _not_before(stale, read_at)

    async def _mark(self, key: str, ttl: timedelta) -> None:
        await self._marks.mark(key, _encode(self._clock()), ttl)


def _not_before(mark: bytes | None, moment: datetime) -> bool:
    return mark is not None and datetime.fromtimestamp(json.loads(mark), UTC) >= moment


def _encode(moment: datetime) -> bytes:
    return json.dumps(moment.timestamp()).encode()
