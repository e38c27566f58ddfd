"""The admin pages: how things stand, the audit record, QR locks; and who may see what.

``bridge-admin`` sees everything. A counter worker (a ``staff`` post) only issues activation codes.
Keycloak enforces the second factor; the surface refuses whoever comes with less.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.accounts import Account, Accounts
from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Forbidden, NotSignedIn
from idp_bridge.core.health import Health
from idp_bridge.core.orgs import posts_in
from idp_bridge.core.sign_ins import QrLocks
from idp_bridge.incoming import reader_from
from idp_bridge.web.language import texts
from idp_bridge.web.surface import Handler, Surface, Visit

ADMINISTRATOR = "bridge-admin"
COUNTER = "staff"
_SHOWN = 100


def is_administrator(session: ClientSession) -> bool:
    """Whether the person administers the bridge."""
    return ADMINISTRATOR in session.realm_roles


def may_activate(session: ClientSession) -> bool:
    """Whether the person may issue activation codes: an administrator, or staff with a post."""
    has_post = any(post.role == COUNTER for post in posts_in(session.claims.get("groups")))
    return is_administrator(session) or (COUNTER in session.realm_roles and has_post)


def administrators_only(handler: Handler) -> Handler:
    """``handler`` for administrators; anybody else is refused."""

    async def guarded(visit: Visit) -> Response:
        if not is_administrator(visit.session):
            raise Forbidden("not a bridge-admin")
        return await handler(visit)

    return guarded


def activators_only(handler: Handler) -> Handler:
    """``handler`` for whoever may issue activation codes."""

    async def guarded(visit: Visit) -> Response:
        if not may_activate(visit.session):
            raise Forbidden("neither a bridge-admin nor staff with a post")
        return await handler(visit)

    return guarded


def admin_page(
    surface: Surface, visit: Visit, template: str, status: int = 200, **facts: object
) -> Response:
    """An admin page with the tabs that this person may open."""
    full = is_administrator(visit.session)
    return surface.page(visit, f"admin/{template}.html", status, tab=template, full=full, **facts)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One event as an administrator reads it."""

    event: AuditEvent
    what: str
    who: str
    actor: str


@dataclass(frozen=True, slots=True)
class AdminPages:
    """Start, audit and locks."""

    surface: Surface
    health: Health
    audit: Audit
    accounts: Accounts
    locks: QrLocks
    clock: Clock

    def routes(self) -> list[BaseRoute]:
        """``/``, ``/start``, ``/audit`` and ``/locks``."""
        route = self.surface.route
        return [
            Route("/", self.welcome),
            route("/start", self.start),
            route("/audit", administrators_only(self.show_audit)),
            route("/locks", administrators_only(self.show_locks)),
            route("/locks/unlock", administrators_only(self.unlock), ["POST"]),
        ]

    async def welcome(self, request: Request) -> Response:
        """What this is, for whoever is not signed in."""
        try:
            await self.surface.sessions.current(self.surface.token_of(request))
        except NotSignedIn:
            page = self.surface.pages.render("portal/welcome.html", reader_from(request))
            return HTMLResponse(page, headers={"Cache-Control": "no-store"})
        return RedirectResponse("/start", 303)

    async def start(self, visit: Visit) -> Response:
        """How things stand; a counter worker goes straight to the activation codes."""
        if not is_administrator(visit.session):
            return await activators_only(_to_activation)(visit)
        checks, newest = await asyncio.gather(self.health.checks(), self.audit.newest(8))
        lines = await self._lines(newest, visit.reader.language)
        locked = len(await self.locks.all(self.clock()))
        return admin_page(self.surface, visit, "start", checks=checks, lines=lines, locked=locked)

    async def show_audit(self, visit: Visit) -> Response:
        """The newest events, or those of one account."""
        asked = visit.request.query_params
        realm = "workers" if asked.get("realm") == "workers" else "residents"
        username = asked.get("username", "").strip()
        account = await self.accounts.find_by_username(realm, username) if username else None
        events: tuple[AuditEvent, ...] = ()
        if account is not None:
            events = await self.audit.of_account(realm, account.subject, _SHOWN)
        elif not username:
            events = await self.audit.newest(_SHOWN)
        lines = await self._lines(events, visit.reader.language)
        return admin_page(
            self.surface,
            visit,
            "audit",
            lines=lines,
            realm=realm,
            username=username,
            unknown=bool(username) and account is None,
        )

    async def show_locks(self, visit: Visit) -> Response:
        """Accounts that may not sign in by QR for now."""
        held = await self.locks.all(self.clock())
        names = await self._names((realm, subject) for realm, subject, *_ in held)
        rows = [(*lock, names.get((lock[0], lock[1]), lock[1])) for lock in held]
        done = visit.request.query_params.get("done") == "1"
        return admin_page(self.surface, visit, "locks", locks=rows, done=done)

    async def unlock(self, visit: Visit) -> Response:
        """Let an account sign in by QR again."""
        form = await visit.form()
        realm, subject = str(form.get("realm", "")), str(form.get("subject", ""))
        await self.locks.unlock(realm, subject)
        event = AuditEvent(self.clock(), "qr_unlocked", realm, subject, visit.session.subject)
        await self.audit.record(event)
        return RedirectResponse("/locks?done=1", 303)

    async def _lines(self, events: Iterable[AuditEvent], language: str) -> list[AuditLine]:
        events = tuple(events)
        people = {(event.realm, event.account) for event in events if event.account}
        people |= {("workers", event.actor) for event in events if event.actor}
        names, known = await self._names(people), texts(language)
        return [
            AuditLine(
                event,
                known.get(f"events.{event.name}", event.name),
                names.get((event.realm, event.account), event.account),
                names.get(("workers", event.actor), event.actor),
            )
            for event in events
        ]

    async def _names(self, people: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        wanted = sorted(set(people))
        found = await asyncio.gather(*(self.accounts.find(*person) for person in wanted))
        return {
            person: _called(account)
            for person, account in zip(wanted, found, strict=True)
            if account is not None
        }


def _called(account: Account) -> str:
    return f"{account.name} ({account.username})"


async def _to_activation(visit: Visit) -> Response:
    return RedirectResponse("/activation", 303)
