r"""CAS tickets: what is given to a browser for an app, and what the app learns by showing it.

    sign-in --issue--> ST --validate, once, within 10 s--> who it is
                              \--with a proxy callback--> PGT --proxy--> PT --validate--> who it is

A ticket is bound to its app and to the exact service. Whoever it speaks of is looked at again when
it is shown: a session that ended or a role that went in between counts.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from idp_bridge.core.apps import App
from idp_bridge.core.cas_services import ALPHABET, PROTOCOL, CasServices, mark_of
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.clock import Clock
from idp_bridge.core.doors import NoRole, Released, check_entry, released
from idp_bridge.core.errors import (
    BoundOtherwise,
    BridgeError,
    Forbidden,
    GrantReused,
    InvalidGrant,
    NotSignedIn,
)
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.core.sealing import Sealer
from idp_bridge.core.secret import digest
from idp_bridge.core.ticket_trail import Issued, TicketTrail
from idp_bridge.core.visits import Visit, Visits

TICKET_LIFE = timedelta(seconds=10)
# Old clients take 32 characters and no underscore: 7 name the app, 22 are random (131 bits).
_RANDOM = 22
_TICKET = re.compile(r"(ST|PT|PGT)-([A-Za-z0-9]{7})[A-Za-z0-9]{22}")


class CasRefused(BridgeError):
    """A ticket that is not honoured. ``code`` is the CAS specification's (2.5.3); ``reason`` says
    more, to administrators only."""

    status, public = 200, "The ticket is not honoured"

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class SessionsOf(Protocol):
    """The sessions that begin at Keycloak as an app's client."""

    def __call__(self, app: App) -> ClientSessions: ...


class Introductions(Protocol):
    """What Keycloak's ID token for an app's client says of an account, without a sign-in there.

    Empty for an account that is disabled or gone.
    """

    async def claims(self, app: App, account: str) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app shows: a ticket, the service it calls itself, and what it demands."""

    ticket: str
    service: str
    renew: bool = False
    proxied: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """What a ticket is issued for.

    ``token`` names a session of ``holder``: the app itself, or the one that stands in for the
    person there and reached it by ``proxies``, the latest first. ``fresh``: signed in just now.
    """

    app: App
    holder: App
    service: str
    session: ClientSession
    token: str
    fresh: bool = False
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Validated:
    """What the app is told, and what it was told for."""

    given: Pass
    ticket: str
    released: Released


@dataclass(frozen=True, slots=True)
class CasParts:
    """What tickets are made and judged with."""

    grants: Grants
    services: CasServices
    sessions: SessionsOf
    introductions: Introductions
    visits: Visits
    sealer: Sealer
    trail: TicketTrail
    clock: Clock


class CasTickets:
    """Issues and validates tickets."""

    def __init__(self, parts: CasParts) -> None:
        self._parts = parts

    async def issue(self, given: Pass) -> str:
        """A ticket for somebody who is signed in. Raises ``Forbidden`` when the app is not open to
        them."""
        parts, app = self._parts, given.app
        told = await self._entered(given)
        ticket = new_ticket("PT" if given.proxies else "ST", app)
        facts = {
            "holder": given.holder.client_id,
            "session": seal(parts.sealer, given.token, ticket),
            "sid": given.session.sid,
            "user": told.user,
            "fresh": given.fresh,
            "proxies": list(given.proxies),
        }
        now, account = parts.clock(), given.session.account
        binding = _binding(ticket, app, given.service)
        await parts.grants.put(ticket, Grant(binding, account, now + TICKET_LIFE, facts=facts))
        trail = Issued(now, app.realm, app.client_id, given.service, account)
        await parts.trail.issued(ticket, trail)
        return ticket

    async def validate(self, asked: Asked) -> Validated:
        """Who the ticket speaks of, once. Raises ``CasRefused``, ``Unavailable``."""
        try:
            app = await self._app(asked)
            grant = await self._redeemed(asked, app)
            if not await self._parts.services.serves(app, asked.service):
                raise CasRefused("INVALID_SERVICE", "not_registered")
            if asked.renew and not grant.facts["fresh"]:
                raise CasRefused("INVALID_TICKET", "not_fresh")
            return await self._told(asked, app, grant)
        except CasRefused as refusal:
            await self._parts.trail.refused(asked.ticket, refusal.reason, asked.service)
            raise

    async def _app(self, asked: Asked) -> App:
        kind, mark = shape(asked.ticket)
        if kind not in ("ST", "PT"):
            raise CasRefused("INVALID_TICKET", "malformed")
        if kind == "PT" and not asked.proxied:
            raise CasRefused("INVALID_TICKET_SPEC", "proxy_ticket")
        app = await self._parts.services.marked(mark)
        if app is None:
            raise CasRefused("INVALID_TICKET", "unknown")
        return app

    async def _redeemed(self, asked: Asked, app: App) -> Grant:
        binding = _binding(asked.ticket, app, asked.service)
        try:
            return await self._parts.grants.redeem(asked.ticket, binding)
        except GrantReused:
            raise CasRefused("INVALID_TICKET", "used") from None
        except BoundOtherwise:
            raise CasRefused("INVALID_SERVICE", "other_service") from None
        except InvalidGrant:
            raise CasRefused("INVALID_TICKET", "unknown") from None

    async def _told(self, asked: Asked, app: App, grant: Grant) -> Validated:
        parts, facts = self._parts, grant.facts
        holder = await self._holder(app, facts["holder"])
        token = unseal(parts.sealer, facts["session"], asked.ticket)
        visit = _visit(asked, app, grant)
        # First written down, then looked at: an end of the session in between misses neither.
        if visit.tell:
            await parts.visits.add(visit)
        try:
            session = await parts.sessions(holder).current(token)
            proxies = tuple(facts["proxies"])
            fresh = bool(facts["fresh"])
            given = Pass(app, holder, asked.service, session, token, fresh, proxies)
            told = await self._entered(given)
        except (NotSignedIn, Forbidden) as refusal:
            await parts.visits.forget(visit)
            reason = "session_over" if isinstance(refusal, NotSignedIn) else refusal.code
            raise CasRefused("INVALID_TICKET", reason) from None
        return Validated(given, asked.ticket, told)

    async def _holder(self, app: App, client_id: str) -> App:
        if app.client_id == client_id:
            return app
        holder = await self._parts.services.one(app.realm, client_id)
        if holder is None:
            raise CasRefused("INVALID_TICKET", "session_over")
        return holder

    async def _entered(self, given: Pass) -> Released:
        """What the app is told of whoever may enter it now. Raises ``Forbidden``."""
        app, session = given.app, given.session
        check_entry(given.holder, session)
        if given.holder != app:
            claims = await self._parts.introductions.claims(app, session.account)
            if not claims:
                raise NoRole("the account is disabled or gone")
            session = replace(session, subject=str(claims["sub"]), claims=claims)
        check_entry(app, session)
        return released(app, session)


def new_ticket(kind: str, app: App) -> str:
    """A ticket that nobody can guess; it says which app it is for."""
    return f"{kind}-{mark_of(app)}" + "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM))


def shape(ticket: str) -> tuple[str, str]:
    """A ticket's kind and the mark of its app. Raises ``CasRefused`` for what is no ticket."""
    found = _TICKET.fullmatch(ticket)
    if found is None:
        raise CasRefused("INVALID_TICKET", "malformed")
    return found[1], found[2]


def seal(sealer: Sealer, token: str, ticket: str) -> str:
    """A session's token as a ticket's facts hold it; it opens for that ticket only."""
    return sealer.seal(token.encode(), f"cas-ticket:{digest(ticket)}")


def unseal(sealer: Sealer, sealed: str, ticket: str) -> str:
    """The token that ``seal`` was given."""
    return sealer.unseal(sealed, f"cas-ticket:{digest(ticket)}").decode()


def _binding(ticket: str, app: App, service: str) -> Binding:
    return Binding(f"cas-{ticket[:2]}", app.realm, app.client_id, redirect=service)


def _visit(asked: Asked, app: App, grant: Grant) -> Visit:
    told = app.settings.get("single_logout", True)
    return Visit(
        realm=app.realm,
        client_id=app.client_id,
        protocol=PROTOCOL,
        sid=grant.facts["sid"],
        account=grant.account,
        user=grant.facts["user"],
        reference=asked.ticket,
        tell=str(app.settings.get("logout_url") or asked.service) if told else "",
    )
