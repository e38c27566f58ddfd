"""Requests for apps with everything around them: SQLite, a clock, roles written down by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from idp_bridge.core.accounts import Account
from idp_bridge.core.apps import App
from idp_bridge.core.errors import NotFound, Unavailable
from idp_bridge.core.limits import Limits
from idp_bridge.core.requests import Decider
from idp_bridge.core.requests_desk import AccessRequests
from idp_bridge.core.role_ends import RoleEnds
from idp_bridge.store.database import Database
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.requests import SqlRequests, SqlRoleEnds
from tests.fakes import FakeAccounts, FakeClock, ListedAudit
from tests.web.portal_world import ListedApps

OWNER = Decider("sun", "sunli")
ADMINISTRATOR = Decider("lin", "adminlin", administers=True)


def worker_app(client_id: str, **more: object) -> App:
    """An admitted app of workers that may be asked for."""
    facts: dict[str, object] = {
        "realm": "workers",
        "client_id": client_id,
        "names": {"zh": "网格服务管理", "en": "Grid service"},
        "group": "work",
        "url": f"https://{client_id}.test/",
        "protocol": "oidc",
        "icon": "grid-service",
        "enabled": True,
        "roles": frozenset({"handler", "observer"}),
        "state": "admitted",
        "owner": "sunli",
        "requestable": True,
        **more,
    }
    return App(**facts)  # type: ignore[arg-type]


class HeldRoles:
    """``AppRoles`` as a set; ``away`` is Keycloak not answering."""

    def __init__(self) -> None:
        self.rows: set[tuple[str, str, str, str]] = set()
        self.away = False
        self.gone = False

    async def give(self, realm: str, client_id: str, role: str, account: str) -> None:
        self._answer()
        if self.gone:
            raise NotFound("no such account")
        self.rows.add((realm, client_id, role, account))

    async def take(self, realm: str, client_id: str, role: str, account: str) -> None:
        self._answer()
        self.rows.discard((realm, client_id, role, account))

    async def held(self, realm: str, client_id: str, account: str) -> frozenset[str]:
        self._answer()
        return frozenset(r for a, c, r, s in self.rows if (a, c, s) == (realm, client_id, account))

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("keycloak is away")


class RequestsWorld:
    """One copy of the desk, or several over the same database."""

    def __init__(self, database: Database) -> None:
        self.clock = FakeClock()
        self.audit = ListedAudit()
        self.roles = HeldRoles()
        self.apps = ListedApps(
            worker_app("grid"),
            worker_app("patrol", owner="wumin"),
            worker_app("dispatch", owner=""),
        )
        self.accounts = FakeAccounts(
            *(
                Account("workers", subject, username, username, enabled=True)
                for subject, username in (("chen", "chenjing"), ("sun", "sunli"), ("wu", "wumin"))
            )
        )
        self.ends_kept = SqlRoleEnds(database)
        self.ends = self.sweeper()
        self.desk = AccessRequests(
            SqlRequests(database),
            self.apps,
            self.accounts,
            self.roles,
            ends=self.ends,
            limits=Limits(MemoryStore(self.clock), self.clock),
            audit=self.audit,
            clock=self.clock,
        )

    def sweeper(self) -> RoleEnds:
        """The ends of roles as another copy of the bridge sees them."""
        return RoleEnds(self.ends_kept, self.roles, self.accounts, self.audit, self.clock)

    async def ask(self, account: str = "chen", app: str = "grid") -> str:
        """Somebody asks; the request's id."""
        asked = await self.desk.ask(
            "workers", account, f"{account}jing", client_id=app, reason="新到岗"
        )
        return asked.id


@asynccontextmanager
async def requests_world(folder: Path) -> AsyncIterator[RequestsWorld]:
    """A world over a SQLite file."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'bridge.db'}")
    await database.open()
    try:
        yield RequestsWorld(database)
    finally:
        await database.close()
