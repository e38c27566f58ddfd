"""An administrator pastes a ticket and learns what became of it.

The ticket comes by POST, so that it stands in no address and no log; only its digest is looked up.
"""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.apps import Apps
from idp_bridge.core.ticket_trail import Issued, TicketTrail
from idp_bridge.web.admin import admin_page, administrators_only
from idp_bridge.web.language import texts
from idp_bridge.web.surface import Surface, Visit

_OTHERWISE = "other"


@dataclass(frozen=True, slots=True)
class TicketsDesk:
    """The question and its answer."""

    surface: Surface
    trail: TicketTrail
    apps: Apps
    accounts: Accounts

    def routes(self) -> list[BaseRoute]:
        """``/apps/tickets``, asked by GET and answered by POST."""
        route = self.surface.route
        return [
            route("/apps/tickets", administrators_only(self.ask)),
            route("/apps/tickets", administrators_only(self.answer), ["POST"]),
        ]

    async def ask(self, visit: Visit) -> Response:
        """Which ticket?"""
        return admin_page(self.surface, visit, "apps_tickets", trail=None)

    async def answer(self, visit: Visit) -> Response:
        """What became of it."""
        form = await visit.form()
        trail = await self.trail.why_refused(str(form.get("ticket", ""))[:10_000])
        known = texts(visit.reader.language)
        reasons = [
            (one, one.reason if f"tickets.reasons.{one.reason}" in known else _OTHERWISE)
            for one in trail.refusals
        ]
        app = person = ""
        if trail.issued is not None:
            app = await self._app(trail.issued, visit.reader.language)
            person = await self._person(trail.issued)
        return admin_page(
            self.surface,
            visit,
            "apps_tickets",
            trail=trail,
            reasons=reasons,
            app=app,
            person=person,
        )

    async def _app(self, issued: Issued, language: str) -> str:
        for app in await self.apps.of(issued.realm):
            if app.client_id == issued.client_id:
                return app.names[language]
        return issued.client_id

    async def _person(self, issued: Issued) -> str:
        account = await self.accounts.find(issued.realm, issued.account)
        return f"{account.name} ({account.username})" if account else issued.account
