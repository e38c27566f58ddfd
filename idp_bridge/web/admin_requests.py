"""Requests for apps on the admin pages: what waits, and the roles that will end."""

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.apps import Apps
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import NotFound
from idp_bridge.core.requests_desk import AccessRequests
from idp_bridge.core.role_ends import RoleEnd, RoleEnds
from idp_bridge.web.access_requests import PLACE
from idp_bridge.web.admin import admin_page, administrators_only
from idp_bridge.web.request_lines import (
    approval_in,
    decider_of,
    end_lines,
    names_of,
    request_lines,
)
from idp_bridge.web.surface import Surface, Visit

_REALM = "workers"


@dataclass(frozen=True, slots=True)
class RequestsDesk:
    """An administrator stands in for every owner, except about their own request."""

    surface: Surface
    desk: AccessRequests
    ends: RoleEnds
    apps: Apps
    accounts: Accounts
    clock: Clock

    def routes(self) -> list[BaseRoute]:
        """``/requests`` and what can be done there."""
        route = self.surface.route
        return [
            route("/requests", administrators_only(self.show)),
            route("/requests/approve", administrators_only(self.approve), ["POST"]),
            route("/requests/decline", administrators_only(self.decline), ["POST"]),
            route("/requests/keep", administrators_only(self.keep), ["POST"]),
            route("/requests/end", administrators_only(self.end), ["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        """Everything that waits, and every role with an end."""
        who, language = decider_of(visit.session, administers=True), visit.reader.language
        apps = await self.apps.of(_REALM)
        waiting = await self.desk.to_decide(_REALM, who)
        ending = await self.ends.all(_REALM)
        people = {one.account for one in waiting} | {one.account for one in ending}
        names = await names_of(self.accounts, _REALM, people)
        return admin_page(
            self.surface,
            visit,
            "requests",
            lines=request_lines(waiting, apps, language, now=self.clock(), names=names),
            ending=end_lines(ending, apps, language, names),
            done=visit.request.query_params.get("done", ""),
        )

    async def approve(self, visit: Visit) -> Response:
        """Give a role of the app."""
        form = await visit.form()
        who = decider_of(visit.session, administers=True)
        await self.desk.approve(str(form.get("id", "")), who, approval_in(form, PLACE))
        return RedirectResponse("/requests?done=approved", 303)

    async def decline(self, visit: Visit) -> Response:
        """Say no, and why."""
        form = await visit.form()
        who = decider_of(visit.session, administers=True)
        await self.desk.decline(str(form.get("id", "")), who, str(form.get("answer", "")))
        return RedirectResponse("/requests?done=declined", 303)

    async def keep(self, visit: Visit) -> Response:
        """Take the end of a role away."""
        await self.ends.keep(await self._end_in(visit), visit.session.account)
        return RedirectResponse("/requests?done=kept", 303)

    async def end(self, visit: Visit) -> Response:
        """End a role now."""
        await self.ends.end_now(await self._end_in(visit), visit.session.account)
        return RedirectResponse("/requests?done=ended", 303)

    async def _end_in(self, visit: Visit) -> RoleEnd:
        form = await visit.form()
        said = tuple(str(form.get(name, "")) for name in ("app", "role", "account"))
        for end in await self.ends.all(_REALM):
            if (end.client_id, end.role, end.account) == said:
                return end
        raise NotFound("no such end of a role")
