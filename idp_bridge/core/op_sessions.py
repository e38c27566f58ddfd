"""A browser's session at the bridge's own OpenID Provider.

The cookie holds a token; the store holds who signed in and how. ``sid`` stays the same for as long
as the browser session lives, a fresh sign-in included, because Keycloak keeps the first one it saw.
The token changes at each sign-in (session fixation), the sid does not.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from idp_bridge.core.authorization import Authentication
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidGrant
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.core.revocations import Revocations, Standing
from idp_bridge.core.secret import new_token

SESSION_LIFE = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class OpSession:
    """Who is signed in at this browser. ``clients`` were answered in it and hear of its end.

    ``upstream`` is the Keycloak session it came from, when the person signed in at Keycloak.
    """

    authentication: Authentication
    began: datetime
    expires: datetime
    clients: tuple[str, ...] = ()
    kiosk: str = ""
    upstream: str = ""


class OpSessions:
    """Sessions by cookie token, found again by ``sid`` for logout."""

    def __init__(self, grants: Grants, revocations: Revocations, clock: Clock) -> None:
        self._grants = grants
        self._revocations = revocations
        self._clock = clock

    def new_sid(self) -> str:
        """An id for a session about to begin."""
        return new_token()

    async def start(
        self,
        authentication: Authentication,
        *,
        life: timedelta = SESSION_LIFE,
        kiosk: str = "",
        upstream: str = "",
        previous: str | None = None,
    ) -> str:
        """Begin a session and return its cookie token; the ``previous`` token stops working."""
        now = self._clock()
        clients: tuple[str, ...] = ()
        if previous is not None:
            held = await self.find(previous)
            await self._grants.revoke(previous, _SESSION.kind)
            if held is not None and held.authentication.sid == authentication.sid:
                clients = held.clients
        token = new_token()
        await self._write(
            token, OpSession(authentication, now, now + life, clients, kiosk, upstream)
        )
        return token

    async def find(self, token: str | None) -> OpSession | None:
        """The live session of a cookie, or ``None``."""
        if not token:
            return None
        try:
            grant = await self._grants.read(token, _SESSION)
        except InvalidGrant:
            return None
        session = _session(grant)
        who = session.authentication
        standing = await self._revocations.standing(
            realm=who.realm,
            subject=who.subject,
            sid=who.sid,
            began=session.began,
            read_at=session.began,
        )
        return None if standing is Standing.ENDED else session

    async def answered(self, token: str, client_id: str) -> None:
        """Remember that ``client_id`` was answered in this session."""
        session = await self.find(token)
        if session is not None and client_id not in session.clients:
            await self._write(token, replace(session, clients=(*session.clients, client_id)))

    async def of_sid(self, realm: str, sid: str) -> OpSession | None:
        """The session ``sid`` as it was last written, ended or not."""
        try:
            return _session(await self._grants.read(sid, _by_sid(realm)))
        except InvalidGrant:
            return None

    async def sid_of_upstream(self, realm: str, upstream: str) -> str | None:
        """The session that came from Keycloak's session ``upstream``."""
        try:
            grant = await self._grants.read(upstream, _by_upstream(realm))
        except InvalidGrant:
            return None
        sid: str = grant.facts["sid"]
        return sid

    async def end(self, realm: str, sid: str) -> OpSession | None:
        """End ``sid``; returns what it was, so that its clients can be told."""
        session = await self.of_sid(realm, sid)
        await self._revocations.end_session(realm, sid)
        await self._grants.revoke(sid, _by_sid(realm).kind)
        return session

    async def _write(self, token: str, session: OpSession) -> None:
        who = session.authentication
        facts = {
            "realm": who.realm,
            "auth_time": who.auth_time.timestamp(),
            "acr": who.acr,
            "amr": list(who.amr),
            "sid": who.sid,
            "began": session.began.timestamp(),
            "clients": list(session.clients),
            "kiosk": session.kiosk,
            "upstream": session.upstream,
        }
        keys = [(token, _SESSION), (who.sid, _by_sid(who.realm))]
        if session.upstream:
            keys.append((session.upstream, _by_upstream(who.realm)))
        for key, binding in keys:
            await self._grants.put(key, Grant(binding, who.subject, session.expires, facts=facts))


_SESSION = Binding(kind="op-session", realm="", app="")


def _by_sid(realm: str) -> Binding:
    return Binding(kind="op-session-by-sid", realm=realm, app="")


def _by_upstream(realm: str) -> Binding:
    return Binding(kind="op-session-by-upstream", realm=realm, app="")


def _session(grant: Grant) -> OpSession:
    facts = grant.facts
    return OpSession(
        authentication=Authentication(
            realm=facts["realm"],
            subject=grant.account,
            auth_time=datetime.fromtimestamp(facts["auth_time"], UTC),
            acr=facts["acr"],
            amr=tuple(facts["amr"]),
            sid=facts["sid"],
        ),
        began=datetime.fromtimestamp(facts["began"], UTC),
        expires=grant.expires,
        clients=tuple(facts["clients"]),
        kiosk=facts["kiosk"],
        upstream=facts["upstream"],
    )
