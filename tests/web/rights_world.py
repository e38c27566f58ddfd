"""Pages about rights as the bridge wires them: the work portal's and the admin pages'."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from idp_bridge.core.accounts import Account
from idp_bridge.core.admission import Finding, Report
from idp_bridge.core.app_logout import Line
from idp_bridge.core.app_settings import AppDesk
from idp_bridge.core.apps import App
from idp_bridge.core.errors import Conflict
from idp_bridge.core.limits import Limits
from idp_bridge.core.requests import AccessRequest
from idp_bridge.core.requests_desk import AccessRequests
from idp_bridge.core.role_ends import RoleEnd, RoleEnds
from idp_bridge.core.role_links import Effective
from idp_bridge.core.role_ways import Joint, Step
from idp_bridge.core.visits import Visit
from idp_bridge.core.what_if import WhatIf
from idp_bridge.core.why import Chain, Fact, Linked, LiveSession, Touch, Why
from idp_bridge.web.access_requests import AccessPages
from idp_bridge.web.admin_apps import AppsDesk
from idp_bridge.web.admin_requests import RequestsDesk
from idp_bridge.web.admin_why import WhyDesk
from idp_bridge.web.portal import Portal
from tests.core.requests_world import HeldRoles, worker_app
from tests.core.test_role_links import ListedLinks
from tests.fakes import START, FakeAccounts
from tests.web.admin_world import AdminWorld
from tests.web.portal_world import Person, PortalWorld

APPS = (
    worker_app("grid", owner="sunli"),
    worker_app("patrol", owner="wumin", logout_url="https://patrol.test/logout", enabled=False),
    worker_app("cas-app", owner="", protocol="cas", redirect_uris=("https://cas-app.test/login",)),
)
POST = "/baoan/xixiang/gongle/grid-12/grid-worker"


class MemoryRequests:
    """``RequestRecords`` as a table."""

    def __init__(self) -> None:
        self.rows: dict[str, AccessRequest] = {}

    async def add(self, request: AccessRequest) -> None:
        for row in self.rows.values():
            same = (row.client_id, row.account) == (request.client_id, request.account)
            if same and row.state in ("asked", "granting"):
                raise Conflict("asked for already")
        self.rows[request.id] = request

    async def find(self, request_id: str) -> AccessRequest | None:
        return self.rows.get(request_id)

    async def of_account(self, realm: str, account: str, limit: int) -> tuple[AccessRequest, ...]:
        own = [row for row in self.rows.values() if (row.realm, row.account) == (realm, account)]
        return tuple(reversed(own))[:limit]

    async def in_state(self, realm: str, state: str) -> tuple[AccessRequest, ...]:
        return tuple(r for r in self.rows.values() if (r.realm, r.state) == (realm, state))

    async def change(self, old: AccessRequest, new: AccessRequest) -> bool:
        if self.rows[old.id].state != old.state:
            return False
        self.rows[old.id] = new
        return True

    async def newest_approval(
        self, realm: str, client_id: str, account: str, role: str
    ) -> AccessRequest | None:
        return None


class MemoryRoleEnds:
    """``RoleEndRecords`` as a table."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str, str], RoleEnd] = {}

    async def put(self, end: RoleEnd) -> None:
        self.rows[_key(end)] = end

    async def remove(self, end: RoleEnd) -> bool:
        return self.rows.get(_key(end)) == end and bool(self.rows.pop(_key(end)))

    async def clear(self, end: RoleEnd) -> bool:
        return self.rows.pop(_key(end), None) is not None

    async def of_account(self, realm: str, account: str) -> tuple[RoleEnd, ...]:
        return tuple(e for e in self.rows.values() if (e.realm, e.account) == (realm, account))

    async def all(self, realm: str) -> tuple[RoleEnd, ...]:
        return tuple(end for end in self.rows.values() if end.realm == realm)

    async def claim(self, now: datetime, until: datetime, limit: int) -> tuple[RoleEnd, ...]:
        return tuple(end for end in self.rows.values() if end.ends and end.ends <= now)


class Undelivered:
    """``Outbox`` with one app that could not be told."""

    async def write(self, line: Line) -> bool:
        return True

    async def due(self, now: datetime, limit: int) -> tuple[Line, ...]:
        return ()

    async def change(self, old: Line, new: Line) -> bool:
        return True

    async def cross_out(self, visit: Visit) -> None:
        return None

    async def forget(self, before: datetime) -> None:
        return None

    async def given_up(self, limit: int) -> tuple[Line, ...]:
        visit = Visit(
            realm="workers",
            client_id="cas-app",
            protocol="cas",
            sid="sid",
            account="chen",
            user="chenjing",
            reference="ST-1",
            tell="https://cas-app.test/login",
        )
        return (Line(visit, START, None, 5, "answered 500"),)


class Checked:
    """``AdmissionRecords``: one app passed, one did not."""

    async def put(self, report: Report) -> None:
        return None

    async def of(self, client_id: str) -> Report | None:
        return next((one for one in await self.all() if one.client_id == client_id), None)

    async def all(self) -> tuple[Report, ...]:
        good = Finding("enter", "workers", "passed")
        bad = Finding("logout", "workers", "failed", "no_answer", {"what": "timed out"})
        return (
            Report("grid", "oidc", "digest", START, (good,)),
            Report("cas-app", "cas", "digest", START, (good, bad)),
        )


class WrittenClients:
    """``AppClients`` that notes what it was given."""

    def __init__(self) -> None:
        self.written: list[tuple[str, dict[str, str]]] = []

    async def write(
        self,
        realm: str,
        client_id: str,
        attributes: Mapping[str, str],
        redirect_uris: tuple[str, ...] | None,
    ) -> None:
        self.written.append((client_id, dict(attributes)))


class OnePersonsChains:
    """``Chains``: 陈静 comes in by her post, nobody else is known."""

    async def of(self, app: App, username: str) -> Chain | None:
        if username != "chenjing":
            return None
        touched = Touch(START, "0949d4a2-d1b4", "master")
        way = (
            Linked(Step(Joint.MEMBER, "chenjing", POST), touched),
            Linked(Step(Joint.GROUP_ROLE, POST, "grid-worker"), None),
            Linked(Step(Joint.COMPOSITE, "grid-worker", "grid/handler"), touched),
        )
        in_it = app.client_id == "grid"
        return Chain(
            account=Account("workers", "chen", "chenjing", "陈静", enabled=True),
            app=app,
            federated=True,
            set=(Fact("account_enabled", "yes"), Fact("minimum_acr", "password", touched)),
            identities=(Fact("wecom", "chenjing", touched),),
            posts=(POST,),
            roles=("handler",) if in_it else (),
            ways=(way,) if in_it else (),
            sessions=(LiveSession(START, "10.0.0.0/24", "password"),),
            givers=("grid-worker",),
            giving_groups=() if in_it else (POST,),
        )


class RightsParts:
    """What both kinds of pages share."""

    def __init__(self, world: PortalWorld) -> None:
        self.records, self.ends_kept, self.roles = MemoryRequests(), MemoryRoleEnds(), HeldRoles()
        world.apps.apps = APPS
        world.accounts = FakeAccounts(
            *(
                Account("workers", subject, username, name, enabled=True)
                for subject, username, name in (
                    ("chen", "chenjing", "陈静"),
                    ("sun", "sunli", "孙丽"),
                    ("wu", "wumin", "吴敏"),
                    ("lin", "adminlin", "林涛"),
                )
            )
        )
        self.ends = RoleEnds(self.ends_kept, self.roles, world.accounts, world.audit, world.clock)
        self.desk = AccessRequests(
            self.records,
            world.apps,
            world.accounts,
            self.roles,
            ends=self.ends,
            limits=Limits(world.store, world.clock),
            audit=world.audit,
            clock=world.clock,
        )

    def remember(self, request_id: str, account: str, client_id: str = "grid", **more: Any) -> None:
        """A request that is there already."""
        asked = AccessRequest(
            request_id, "workers", client_id, account, account, "新到岗，需要处理上报", START
        )
        self.records.rows[request_id] = replace(asked, **more)

    def fill(self) -> None:
        """Something of everything."""
        self.remember("r1", "chen")
        self.remember("r2", "wu", "cas-app")
        decided: dict[str, Any] = {"decided": START, "decided_by": "sun"}
        self.remember("r3", "sun", "patrol", state="declined", answer="不属于本岗位", **decided)
        self.remember("r4", "sun", "cas-app", state="approved", role="handler", **decided)
        for account in ("sun", "chen"):
            end = RoleEnd("workers", "grid", "observer", account, START + timedelta(days=7))
            self.ends_kept.rows[_key(end)] = end


class AccessWorld(PortalWorld):
    """The work portal; 孙丽 owns ``grid`` and holds no role yet."""

    def __init__(self, origin: str = "") -> None:
        super().__init__("worker", "workers", origin)
        self.rights = RightsParts(self)
        self.be("sun", "sunli", "孙丽")
        pages = AccessPages(
            self.surface,
            self.rights.desk,
            self.rights.ends,
            self.apps,
            self.accounts,
            self.clock,
        )
        home = Portal(self.surface, self.apps, self.orgs, "https://admin.test", pages.news)
        self.routes = [*home.routes(), *pages.routes(), *self.routes]

    def be(self, account: str, username: str, name: str, *roles: str) -> None:
        """Whoever signs in from now on."""
        apps = {"grid": list(roles)} if roles else {}
        more = {"preferred_username": username}
        self.keycloak.person = Person(account, name, ["staff"], apps, more=more)


class RightsAdminWorld(AdminWorld):
    """The admin pages about apps, requests and why; 林涛 administers."""

    def __init__(self, origin: str = "") -> None:
        super().__init__(origin)
        self.rights = RightsParts(self)
        self.clients = WrittenClients()
        self.be("lin", "adminlin", "bridge-admin")
        desk = AppDesk(self.apps, self.accounts, self.clients, self.audit, self.clock)
        why = Why(self.apps, OnePersonsChains(), self.accounts, self.rights.records)
        what_if = WhatIf(self.apps, self.accounts, lambda _: Effective(ListedLinks()))
        desks: Iterable[AppsDesk | RequestsDesk | WhyDesk] = (
            AppsDesk(self.surface, self.apps, desk, Undelivered(), Checked()),
            RequestsDesk(
                self.surface,
                self.rights.desk,
                self.rights.ends,
                self.apps,
                self.accounts,
                self.clock,
            ),
            WhyDesk(self.surface, why, what_if, self.apps),
        )
        self.routes += [route for one in desks for route in one.routes()]

    def be(self, account: str, username: str, *realm_roles: str) -> None:
        """Whoever signs in from now on, with two factors."""
        more = {"preferred_username": username}
        self.keycloak.person = Person(account, username, list(realm_roles), acr="mfa", more=more)


def _key(end: RoleEnd) -> tuple[str, str, str, str]:
    return (end.realm, end.client_id, end.role, end.account)
