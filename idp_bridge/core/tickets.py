r"""Signed tickets: what the oldest apps are handed, once, when somebody has signed in.

    sign-in --issue--> ticket, 60 s --redeem, once--> what the app is told, as of now
                          |        \--or the app verifies it, and keeps its jti until it expires
                          \--end, by its jti, while the session lives--> sign-out at Keycloak

A ticket is found again by its very text: whoever changes a letter of one, or of its signature,
shows one that nobody issued. It is bound to its app and to the exact service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from idp_bridge.core.apps import App
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.clock import Clock
from idp_bridge.core.doors import Released, check_entry, released
from idp_bridge.core.errors import (
    BoundOtherwise,
    Forbidden,
    GrantReused,
    InvalidGrant,
    NotSignedIn,
)
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.core.sealing import Sealer
from idp_bridge.core.secret import digest, new_token
from idp_bridge.core.ticket_apps import PROTOCOL, TicketApps, TicketRules, rules_of
from idp_bridge.core.ticket_trail import Issued, TicketTrail
from idp_bridge.core.visits import Visit, Visits

TICKET_LIFE = timedelta(seconds=60)
TICKET_KIND = "ticket+jwt"

Claims = Mapping[str, Any]


class TicketRefused(InvalidGrant):
    """A ticket that is not honoured. ``reason`` is for administrators."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"ticket refused: {reason}")
        self.reason = reason


class SessionsOf(Protocol):
    """The sessions that begin at Keycloak as an app's client."""

    def __call__(self, app: App) -> ClientSessions: ...


class Signer(Protocol):
    """Signs for one app, by the algorithm that is set for it; ``kind`` is the token's ``typ``."""

    def sign(self, claims: Claims, rules: TicketRules, kind: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that an app began: for which of its addresses, and its own ``state``."""

    app: App
    service: str
    state: str


@dataclass(frozen=True, slots=True)
class TicketParts:
    """What tickets are made and judged with."""

    issuer: str
    apps: TicketApps
    grants: Grants
    sessions: SessionsOf
    signer: Signer
    visits: Visits
    sealer: Sealer
    trail: TicketTrail
    clock: Clock


class Tickets:
    """Issues tickets, and honours each once."""

    def __init__(self, parts: TicketParts) -> None:
        self._parts = parts

    async def issue(self, attempt: Attempt, session: ClientSession, token: str) -> str:
        """A ticket for a ``session``, which ``token`` names.

        Raises ``NotSignedIn`` or ``Forbidden`` when it ended or the app is not open to it.
        """
        parts, app = self._parts, attempt.app
        rules = rules_of(app)
        # First written down, then looked at: an end of the session in between is not missed.
        if rules.logout_url:
            await parts.visits.add(_visit(app, session, rules))
        session = await parts.sessions(app).current(token)
        told = self._entered(app, session)
        now, jti = parts.clock(), new_token()
        claims = {
            **_told(told, in_address=not rules.by_form, named=app.subject == "username"),
            **self._about(attempt, session, jti),
            "iat": int(now.timestamp()),
            "exp": int((now + TICKET_LIFE).timestamp()),
        }
        ticket = parts.signer.sign(claims, rules, TICKET_KIND)
        await self._keep(ticket, attempt, session, {"token": token, "jti": jti})
        return ticket

    async def redeem(self, app: App, ticket: str, service: str) -> Claims:
        """What ``app`` is told of whoever came, once. Raises ``TicketRefused``."""
        try:
            return await self._redeemed(app, ticket, service)
        except TicketRefused as refusal:
            await self._parts.trail.refused(ticket, refusal.reason, service)
            raise

    async def end(self, app: App, jti: str, post_logout_redirect_uri: str) -> str:
        """Where to send the browser to end the session in which ticket ``jti`` was issued.

        Nobody but the app and the browser knows the ``jti``. Raises ``InvalidGrant`` for one that
        is not of this app, was used for this before, or whose session is long over.
        """
        binding = _while_it_lives(app)
        grant = await self._parts.grants.read(jti, binding)
        await self._parts.grants.revoke(jti, binding.kind)
        token = self._unsealed(grant, jti)
        return await self._parts.sessions(app).end(token, post_logout_redirect_uri)

    async def _keep(
        self, ticket: str, attempt: Attempt, session: ClientSession, facts: dict[str, str]
    ) -> None:
        parts, app, now = self._parts, attempt.app, self._parts.clock()
        account, jti = session.account, facts["jti"]
        once = Binding("ticket", app.realm, app.client_id, redirect=attempt.service)
        kept = {"session": self._sealed(facts["token"], ticket), "jti": jti, "state": attempt.state}
        await parts.grants.put(ticket, Grant(once, account, now + TICKET_LIFE, facts=kept))
        held = {"session": self._sealed(facts["token"], jti)}
        await parts.grants.put(
            jti, Grant(_while_it_lives(app), account, session.expires, facts=held)
        )
        trail = Issued(now, app.realm, app.client_id, attempt.service, account)
        await parts.trail.issued(ticket, trail)

    async def _redeemed(self, app: App, ticket: str, service: str) -> Claims:
        grant = await self._taken(app, ticket, service)
        if not self._parts.apps.serves(app, service):
            raise TicketRefused("not_registered")
        try:
            session = await self._parts.sessions(app).current(self._unsealed(grant, ticket))
            told = self._entered(app, session)
        except NotSignedIn:
            raise TicketRefused("session_over") from None
        except Forbidden as refusal:
            raise TicketRefused(refusal.code) from None
        attempt = Attempt(app, service, grant.facts["state"])
        return {**_told(told), **self._about(attempt, session, grant.facts["jti"])}

    async def _taken(self, app: App, ticket: str, service: str) -> Grant:
        binding = Binding("ticket", app.realm, app.client_id, redirect=service)
        try:
            return await self._parts.grants.redeem(ticket, binding)
        except GrantReused:
            raise TicketRefused("used") from None
        except BoundOtherwise:
            raise TicketRefused("other_service") from None
        except InvalidGrant:
            raise TicketRefused("unknown") from None

    def _entered(self, app: App, session: ClientSession) -> Released:
        check_entry(app, session)
        return released(app, session)

    def _about(self, attempt: Attempt, session: ClientSession, jti: str) -> Claims:
        app = attempt.app
        return {
            "iss": self._parts.issuer,
            "aud": app.client_id,
            "service": attempt.service,
            "realm": app.realm,
            "acr": session.acr,
            "sid": session_name(app, session.sid),
            "jti": jti,
            "state": attempt.state,
        }

    def _sealed(self, token: str, key: str) -> str:
        return self._parts.sealer.seal(token.encode(), _purpose(key))

    def _unsealed(self, grant: Grant, key: str) -> str:
        return self._parts.sealer.unseal(grant.facts["session"], _purpose(key)).decode()


def session_name(app: App, sid: str) -> str:
    """What ``app`` calls a session of Keycloak's; another app calls the same one otherwise."""
    return digest(f"{app.realm} {app.client_id} {sid}")[:32]


def _told(told: Released, *, in_address: bool = False, named: bool = False) -> dict[str, Any]:
    """A ticket that goes in an address says nothing personal: the app redeems it for the rest."""
    known: dict[str, Any] = {"roles": list(told.roles)}
    if not (in_address and named):
        known["sub"] = told.user
    return known if in_address else {**told.claims, **known, "posts": list(told.posts)}


def _visit(app: App, session: ClientSession, rules: TicketRules) -> Visit:
    return Visit(
        realm=app.realm,
        client_id=app.client_id,
        protocol=PROTOCOL,
        sid=session.sid,
        account=session.account,
        user=released(app, session).user,
        reference=session_name(app, session.sid),
        tell=rules.logout_url,
    )


def _while_it_lives(app: App) -> Binding:
    return Binding("ticket-session", app.realm, app.client_id)


def _purpose(key: str) -> str:
    # A sealed session copied into the facts of another ticket does not open there.
    return f"signed-ticket:{digest(key)}"
