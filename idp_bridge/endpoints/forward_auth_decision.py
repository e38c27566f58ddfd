"""The one decision of forward-auth, whatever the proxy and the way the question came.

at_once: out of memory, for who was let in a moment ago   --> Seen, or None: nobody knows yet
decide:  the same, and where memory does not say, a look at the store (and Keycloak)
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.clock import Clock
from idp_bridge.core.doors import Doors
from idp_bridge.core.errors import NotSignedIn
from idp_bridge.core.forward_auth import Guard, Site
from idp_bridge.core.freshness import Freshness
from idp_bridge.core.revocations import FEDERATED_RIGHTS_LIVE, RIGHTS_LIVE
from idp_bridge.endpoints.forward_auth_answers import Answers, Key, Ready, Request
from idp_bridge.endpoints.forward_auth_asked import Asked, cookie_in, dialect_of, left
from idp_bridge.endpoints.forward_auth_seen import SIGNED_AGAIN_AFTER, Memory, Seen
from idp_bridge.endpoints.forward_auth_table import Table
from idp_bridge.endpoints.headers import Identity

_TOKEN = re.compile(rb"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class DecisionParts:
    """What decides."""

    doors: Doors
    table: Table
    memory: Memory
    freshness: Freshness
    identity: Identity
    clock: Clock
    ticks: Callable[[], float]


class Decision:
    """Who may ask for what."""

    def __init__(self, parts: DecisionParts) -> None:
        self._doors = parts.doors
        self._table = parts.table
        self._memory = parts.memory
        self._freshness = parts.freshness
        self._identity = parts.identity
        self._clock = parts.clock
        self._ticks = parts.ticks
        self._answers = Answers(self._epoch, self._holds)

    def again(self, key: Key) -> Ready | None:
        """The answer to the very request that ``keep`` was given."""
        return self._answers.get(key, self._ticks())

    def keep(self, key: Key, ready: Ready) -> None:
        """Remember a request that was let in just now, without anybody waiting."""
        self._answers.put(key, ready)

    def known(self, request: Request) -> Ready | None:
        """The answer that lets somebody in, without waiting. Raises ``Malformed``."""
        dialect = dialect_of(request[1])
        if dialect is None:
            return None
        asked = dialect.read(*request)
        seen = self.at_once(asked)
        if seen is None:
            return None
        more = left(dialect, asked.cookie) if dialect.strips else ()
        if not more:
            return Ready(seen, seen.headers, seen.raw)
        lines = b"".join(b"%b: %b\r\n" % header for header in more)
        return Ready(seen, [*seen.headers, *more], seen.raw[:-2] + lines + b"\r\n")

    def at_once(self, asked: Asked) -> Seen | None:
        """Let in without waiting for anything. Raises ``Malformed``."""
        now = self._ticks()
        if not self._holds(now):
            return None
        route = self._table.at_once(asked.method, asked.target)
        if route is None:
            return None
        seen = self._memory.get(route.site, cookie_in(asked.cookie, route.cookie), now)
        if seen is None or not seen.passes(route.rules[seen.guard.app.realm]):
            return None
        return seen

    async def decide(self, asked: Asked) -> Seen:
        """Let in, or raise why not: ``NotSignedIn``, ``AcrTooLow`` or another error."""
        seen = self.at_once(asked)
        if seen is not None:
            return seen
        route = await self._table.route(asked.method, asked.target)
        seen = await self.seen(route.site, cookie_in(asked.cookie, route.cookie))
        seen.check(route.rules[seen.guard.app.realm])
        return seen

    async def seen(self, site: Site, token: bytes) -> Seen:
        """Who is signed in at ``site``. Raises ``NotSignedIn``, ``Unavailable``."""
        now = self._ticks()
        held = self._memory.get(site, token, now) if self._freshness.holds(now) else None
        return held or await self._look(site, token)

    async def session(self, site: Site, token: bytes) -> tuple[Guard, ClientSession]:
        """The session as the store has it now. Raises ``NotSignedIn``, ``Unavailable``."""
        if _TOKEN.fullmatch(token):
            for guard in site.guards:
                try:
                    return guard, await self.sessions(site, guard).current(token.decode())
                except NotSignedIn:
                    continue
        raise NotSignedIn("no session at this app")

    def sessions(self, site: Site, guard: Guard) -> ClientSessions:
        """The sessions of one app on one of its origins."""
        return self._doors.sessions(guard.app, site.callback)

    def _holds(self, now: float) -> bool:
        return self._table.holds(now) and self._freshness.holds(now)

    def _epoch(self) -> int:
        # Both only grow.
        return self._freshness.changes + self._table.changes

    async def _look(self, site: Site, token: bytes) -> Seen:
        changes = self._freshness.changes
        guard, session = await self.session(site, token)
        seen = self._made(guard, session, self._memory.before(site, token))
        # Word that came while looking may be about what was seen: it is good for this once only.
        if changes == self._freshness.changes:
            self._memory.put(site, token, seen, self._life(session))
        return seen

    def _made(self, guard: Guard, session: ClientSession, before: Seen | None) -> Seen:
        now = self._ticks()
        same = before and before.guard is guard and before.session == session
        if before and same and now - before.signed_at < SIGNED_AGAIN_AFTER:
            return before
        headers = self._identity.headers(guard.app, session, plain=guard.plain)
        return Seen(guard, session, headers, now)

    def _life(self, session: ClientSession) -> float:
        lives = FEDERATED_RIGHTS_LIVE if session.claims.get("ldap_id") else RIGHTS_LIVE
        now = self._clock()
        return min(session.expires - now, session.read_at + lives - now).total_seconds()
