"""In the work portal: ask for an app, see what became of it, and decide as an app's owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.apps import App, Apps
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.clock import Clock
from idp_bridge.core.requests import AccessRequest
from idp_bridge.core.requests_desk import AccessRequests
from idp_bridge.core.role_ends import RoleEnds
from idp_bridge.web.request_lines import (
    RequestLine,
    app_name,
    approval_in,
    decider_of,
    end_lines,
    names_of,
    request_lines,
)
from idp_bridge.web.surface import Surface, Visit

PLACE = ZoneInfo("Asia/Shanghai")
_NEWS_LIVE = timedelta(days=14)
_NEWS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class AccessNews:
    """What the start page says of requests; ``may_ask``: whether there is an app to ask for."""

    mine: tuple[RequestLine, ...]
    to_decide: int
    owns: bool
    may_ask: bool


@dataclass(frozen=True, slots=True)
class AccessPages:
    """``/access`` for everybody, ``/decisions`` for owners of apps."""

    surface: Surface
    desk: AccessRequests
    ends: RoleEnds
    apps: Apps
    accounts: Accounts
    clock: Clock

    def routes(self) -> list[BaseRoute]:
        """Both pages and what can be done there."""
        route = self.surface.route
        return [
            route("/access", self.show),
            route("/access/ask", self.ask, ["POST"]),
            route("/access/withdraw", self.withdraw, ["POST"]),
            route("/decisions", self.decisions),
            route("/decisions/approve", self.approve, ["POST"]),
            route("/decisions/decline", self.decline, ["POST"]),
        ]

    async def news(self, visit: Visit) -> AccessNews:
        """For the start page."""
        realm, session = self._realm, visit.session
        apps = await self.apps.of(realm)
        requests = await self.desk.of(realm, session.account, 10)
        recent = [
            one
            for one in requests
            if one.state != "withdrawn" and (one.decided or self.clock()) > self._news_from
        ]
        who = decider_of(session)
        owns = any(app.owner and app.owner == who.username for app in apps)
        return AccessNews(
            mine=tuple(self._lines(visit, recent[:_NEWS_SHOWN], apps)),
            to_decide=len(await self.desk.to_decide(realm, who)) if owns else 0,
            owns=owns,
            may_ask=bool(await self.desk.may_ask_for(realm, _held(session, apps))),
        )

    async def show(self, visit: Visit) -> Response:
        """Apps to ask for, one's own requests, roles that will end."""
        realm, language = self._realm, visit.reader.language
        apps = await self.apps.of(realm)
        mine = await self.desk.of(realm, visit.session.account)
        waiting = {one.client_id for one in mine if one.state in ("asked", "granting")}
        held = _held(visit.session, apps) | waiting
        others = await self.desk.may_ask_for(realm, held)
        choices = [(app_name(app, app.client_id, language), app) for app in others]
        return self.surface.page(
            visit,
            "portal/access.html",
            choices=sorted(choices, key=lambda choice: choice[0]),
            chosen=visit.request.query_params.get("app", ""),
            mine=self._lines(visit, mine, apps),
            ending=end_lines(await self.ends.of(realm, visit.session.account), apps, language),
            done=visit.request.query_params.get("done", ""),
        )

    async def ask(self, visit: Visit) -> Response:
        """Ask for an app."""
        form, session = await visit.form(), visit.session
        await self.desk.ask(
            self._realm,
            session.account,
            str(session.claims.get("preferred_username") or session.name),
            client_id=str(form.get("app", "")),
            reason=str(form.get("reason", "")),
        )
        return RedirectResponse("/access?done=asked", 303)

    async def withdraw(self, visit: Visit) -> Response:
        """Take one's own request back."""
        await self.desk.withdraw(await _request_in(visit), visit.session.account)
        return RedirectResponse("/access?done=withdrawn", 303)

    async def decisions(self, visit: Visit) -> Response:
        """What waits for this owner."""
        realm = self._realm
        waiting = await self.desk.to_decide(realm, decider_of(visit.session))
        names = await names_of(self.accounts, realm, (one.account for one in waiting))
        apps = await self.apps.of(realm)
        return self.surface.page(
            visit,
            "portal/decisions.html",
            lines=self._lines(visit, waiting, apps, names),
            done=visit.request.query_params.get("done", ""),
        )

    async def approve(self, visit: Visit) -> Response:
        """Give a role of the own app."""
        approval = approval_in(await visit.form(), PLACE)
        await self.desk.approve(await _request_in(visit), decider_of(visit.session), approval)
        return RedirectResponse("/decisions?done=approved", 303)

    async def decline(self, visit: Visit) -> Response:
        """Say no, and why."""
        answer = str((await visit.form()).get("answer", ""))
        await self.desk.decline(await _request_in(visit), decider_of(visit.session), answer)
        return RedirectResponse("/decisions?done=declined", 303)

    def _lines(
        self,
        visit: Visit,
        requests: Sequence[AccessRequest],
        apps: tuple[App, ...],
        names: Mapping[str, str] | None = None,
    ) -> list[RequestLine]:
        return request_lines(requests, apps, visit.reader.language, now=self.clock(), names=names)

    @property
    def _realm(self) -> str:
        return self.surface.sessions.realm

    @property
    def _news_from(self) -> datetime:
        return self.clock() - _NEWS_LIVE


def _held(session: ClientSession, apps: tuple[App, ...]) -> frozenset[str]:
    return frozenset(app.client_id for app in apps if session.roles_in(app.client_id))


async def _request_in(visit: Visit) -> str:
    return str((await visit.form()).get("id", ""))
