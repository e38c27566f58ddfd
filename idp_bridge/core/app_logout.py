r"""Tells the apps that the bridge gave tickets for that a session is over.

    session over --> written down (SQL) --> told                 the line is crossed out
                            |                 \--not told--> tried again, ever more rarely
                            \------------------------------> given up: listed for administrators

What is written down survives a restart; of several copies one tells each app.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from idp_bridge.core.clock import Clock
from idp_bridge.core.visits import Visit, Visits

AGAIN_AFTER = (
    timedelta(seconds=5),
    timedelta(seconds=20),
    timedelta(minutes=1),
    timedelta(minutes=5),
)
LISTED_FOR = timedelta(days=30)
# A copy that claimed a line and was killed leaves it to the others after this time.
CLAIMED_FOR = timedelta(seconds=20)
_AT_ONCE = 50


class NotTold(Exception):
    """The app could not be told; the message is for the administrator and holds no secret."""


class Teller(Protocol):
    """Tells an app in its protocol's own way, within a few seconds. Raises ``NotTold``."""

    async def tell(self, visit: Visit) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One app that has to be told. ``due`` is ``None`` once it was given up."""

    visit: Visit
    since: datetime
    due: datetime | None
    tries: int = 0
    reason: str = ""


class Outbox(Protocol):
    """What has to be told, durably. A visit is written once, whoever writes it."""

    async def write(self, line: Line) -> bool:
        """``False`` when the visit is written already."""
        ...

    async def due(self, now: datetime, limit: int) -> tuple[Line, ...]: ...

    async def change(self, old: Line, new: Line) -> bool:
        """Replace ``old``; of several callers with the same ``old`` one gets ``True``."""
        ...

    async def cross_out(self, visit: Visit) -> None: ...

    async def given_up(self, limit: int) -> tuple[Line, ...]:
        """What could not be told, newest first."""
        ...

    async def forget(self, before: datetime) -> None:
        """Drop what could not be told and began before then."""
        ...


class AppEnds(Protocol):
    """What whoever learns of an end tells of it. Raises ``Unavailable``."""

    async def session_over(self, realm: str, sid: str, client_id: str | None = None) -> None: ...

    async def account_over(self, realm: str, account: str) -> None: ...

    async def app_over(self, realm: str, client_id: str) -> None: ...

    async def realm_over(self, realm: str) -> None: ...

    async def inside(self, realm: str, client_id: str) -> Mapping[str, str]:
        """The account of every session in which somebody is in the app."""
        ...


class AppLogout:
    """Ends visits. ``tellers`` are by protocol."""

    def __init__(
        self, visits: Visits, outbox: Outbox, tellers: Mapping[str, Teller], clock: Clock
    ) -> None:
        self._visits = visits
        self._outbox = outbox
        self._tellers = tellers
        self._clock = clock

    async def session_over(self, realm: str, sid: str, client_id: str | None = None) -> None:
        """Tell every app of the session, or the one named. Returns when each was tried once."""
        visits = await self._visits.of_session(realm, sid, client_id)
        await asyncio.gather(*(self._over(visit) for visit in visits))

    async def account_over(self, realm: str, account: str) -> None:
        """Tell every app that the account is in."""
        for sid in await self._visits.sessions_of(realm, account):
            await self.session_over(realm, sid)

    async def app_over(self, realm: str, client_id: str) -> None:
        """Tell the app of everybody who is in it."""
        waiting = await self._visits.of_app(realm, client_id)
        for start in range(0, len(waiting), _AT_ONCE):
            await asyncio.gather(*map(self._over, waiting[start : start + _AT_ONCE]))

    async def realm_over(self, realm: str) -> None:
        """Tell every app that anybody of the realm is in."""
        async for sid in self._visits.sessions(realm):
            await self.session_over(realm, sid)

    async def inside(self, realm: str, client_id: str) -> Mapping[str, str]:
        """The account of every session in which the app was given a ticket."""
        return {one.sid: one.account for one in await self._visits.of_app(realm, client_id)}

    async def try_again(self, limit: int = 50) -> None:
        """Tell what is due; called every few seconds by every copy."""
        await self._outbox.forget(self._clock() - LISTED_FOR)
        lines = await self._outbox.due(self._clock(), limit)
        await asyncio.gather(*(self._tell(line) for line in lines))

    async def _over(self, visit: Visit) -> None:
        now = self._clock()
        line = Line(visit, since=now, due=now)
        if not await self._outbox.write(line):
            await self._visits.forget(visit)
        elif visit in await self._visits.of_session(visit.realm, visit.sid, visit.client_id):
            await self._visits.forget(visit)
            await self._tell(line)
        else:
            # Another copy wrote it, told the app and crossed it out since we looked.
            await self._outbox.cross_out(visit)

    async def _tell(self, line: Line) -> None:
        now = self._clock()
        claimed = Line(line.visit, line.since, now + CLAIMED_FOR, line.tries + 1, line.reason)
        if not await self._outbox.change(line, claimed):
            return
        try:
            await self._tellers[line.visit.protocol].tell(line.visit)
        except NotTold as error:
            await self._outbox.change(claimed, self._later(claimed, str(error)))
        else:
            await self._outbox.cross_out(line.visit)

    def _later(self, line: Line, reason: str) -> Line:
        wait = AGAIN_AFTER[line.tries - 1] if line.tries <= len(AGAIN_AFTER) else None
        due = self._clock() + wait if wait else None
        return Line(line.visit, line.since, due, line.tries, reason)
