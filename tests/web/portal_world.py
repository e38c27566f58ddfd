"""The portals and admin pages as the bridge wires them, over a hand-written Keycloak."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.apps import App
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.errors import (
    BridgeError,
    InvalidGrant,
    InvalidRequest,
    NotSignedIn,
    Unavailable,
)
from idp_bridge.core.grants import Grants
from idp_bridge.core.relying_party import LogoutToken, Tokens
from idp_bridge.core.revocations import Revocations
from idp_bridge.core.sign_ins import SignIns
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.sealing import AesSealer
from idp_bridge.web import reading
from idp_bridge.web.errors import error_response
from idp_bridge.web.pages import WebPages
from idp_bridge.web.portal import Portal
from idp_bridge.web.sessions_page import SessionsPage
from idp_bridge.web.surface import Surface
from tests.fakes import FakeAccounts, FakeClock, ListedAudit, MemoryQrLocks, MemorySignIns

KEYCLOAK = "https://keycloak.test"


@dataclass
class Person:
    """Somebody at Keycloak, with the roles an administrator may change."""

    subject: str
    name: str
    roles: list[str] = field(default_factory=list)
    apps: dict[str, list[str]] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    acr: str = "password"
    more: dict[str, Any] = field(default_factory=dict)


class FakeKeycloak:
    """A ``RelyingParty`` whose answers follow ``person``; counts refreshes."""

    def __init__(self, realm: str, client_id: str, clock: FakeClock) -> None:
        self.realm = realm
        self.client_id = client_id
        self.person = Person("zhang", "张伟", ["resident"])
        self.sid = "kc-session-1"
        self.away = False
        self.over = False
        self.refreshes = 0
        self.answers_at_once = False
        self.asked: dict[str, str] = {}
        self._clock = clock

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_challenge: str,
        extra: Mapping[str, str],
    ) -> str:
        self.asked = {
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            **extra,
        }
        if self.answers_at_once:
            return f"{redirect_uri}?{urlencode({'state': state, 'code': 'good'})}"
        return f"{KEYCLOAK}/auth?{urlencode(self.asked)}"

    async def exchange(
        self, *, code: str, redirect_uri: str, code_verifier: str, nonce: str
    ) -> Tokens:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest())
        if challenge.rstrip(b"=").decode() != self.asked["code_challenge"] or code != "good":
            raise InvalidGrant("the code is not this login's")
        assert nonce == self.asked["nonce"]
        assert redirect_uri == self.asked["redirect_uri"]
        return self._tokens()

    async def refresh(self, refresh_token: str) -> Tokens:
        self.refreshes += 1
        await asyncio.sleep(0)  # Others run while Keycloak thinks.
        if self.away:
            raise Unavailable("keycloak is away")
        if self.over or not refresh_token.startswith("refresh-"):
            raise NotSignedIn("session not active")
        return self._tokens()

    def logout_url(self, *, id_token_hint: str, post_logout_redirect_uri: str) -> str:
        query = {"id_token_hint": id_token_hint, "to": post_logout_redirect_uri}
        return f"{KEYCLOAK}/logout?{urlencode(query)}"

    async def verify_logout_token(self, logout_token: str) -> LogoutToken:
        kind, _, value = logout_token.partition(":")
        if kind not in ("sid", "sub"):
            raise InvalidRequest("not a logout token")
        return LogoutToken(
            "jti", value if kind == "sid" else None, value if kind == "sub" else None
        )

    def _tokens(self) -> Tokens:
        who = self.person
        claims = {
            "name": who.name,
            "groups": who.groups,
            "realm_access": {"roles": who.roles},
            "resource_access": {app: {"roles": roles} for app, roles in who.apps.items()},
            **who.more,
        }
        return Tokens(
            subject=who.subject,
            sid=self.sid,
            acr=who.acr,
            auth_time=self._clock(),
            claims=claims,
            id_token="id-token",
            refresh_token=f"refresh-{self.refreshes}",
        )


class ListedApps:
    """Apps as a list."""

    def __init__(self, *apps: App) -> None:
        self.apps = apps

    async def of(self, realm: str) -> tuple[App, ...]:
        return tuple(app for app in self.apps if app.realm == realm)


class NamedOrgs:
    """Units by path."""

    def __init__(self, names: Mapping[str, Mapping[str, str]]) -> None:
        self._names = names

    async def of(self, realm: str, paths: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        return {path: self._names[path] for path in paths if path in self._names}


class NoLogout:
    """Notes which sessions of the OP were ended."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []

    async def end_everywhere(self, realm: str, sid: str) -> None:
        self.ended.append((realm, sid))


def app(client_id: str, zh: str, en: str, group: str, **more: Any) -> App:
    """An app of ``residents`` unless said otherwise."""
    facts: dict[str, Any] = {
        "realm": "residents",
        "client_id": client_id,
        "names": {"zh": zh, "en": en},
        "group": group,
        "url": f"https://{client_id}.test/",
        "protocol": "oidc",
        "icon": client_id,
        "enabled": True,
    }
    return App(**(facts | more))


class PortalWorld:
    """One portal with everything around it."""

    def __init__(self, name: str = "resident", realm: str = "residents", origin: str = "") -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.grants = Grants(self.store, self.clock)
        self.revocations = Revocations(self.store, self.clock)
        self.accounts = FakeAccounts()
        self.sign_in_records = MemorySignIns()
        self.op_logout = NoLogout()
        self.audit = ListedAudit()
        self.keycloak = FakeKeycloak(realm, f"{name}-portal", self.clock)
        self.apps = ListedApps(
            app("legal-aid", "法律援助", "Legal aid", "find-a-service"),
            app("house-codes", "房屋编码", "House codes", "look-up"),
            app("grid-service", "网格服务管理", "Grid service", "work", realm="workers"),
        )
        self.orgs = NamedOrgs({"/baoan/xixiang": {"zh": "西乡街道", "en": "Xixiang Street"}})
        self.pages = WebPages(name)
        self.origin = origin or f"https://{name}.test"
        self.sessions = ClientSessions(
            self.keycloak,
            f"{self.origin}/callback",
            grants=self.grants,
            store=self.store,
            revocations=self.revocations,
            sealer=AesSealer("k" * 32),
            clock=self.clock,
        )
        self.surface = Surface(name, self.origin, self.pages, self.sessions)
        self.sign_ins = SignIns(
            self.sign_in_records, MemoryQrLocks(), self.op_logout, self.audit, self.clock
        )
        portal = Portal(self.surface, self.apps, self.orgs, "https://admin.test")
        places = SessionsPage(
            self.surface, self.accounts, self.apps, self.sign_ins, self.revocations
        )
        self.routes = [
            *self.surface.routes(),
            *portal.routes(),
            *places.routes(),
            *reading.routes(),
        ]

    async def heard(self) -> None:
        """The follower has just read the events."""
        await self.revocations.heard(self.keycloak.realm)

    async def later(self, seconds: float) -> None:
        """Time passes, followed all along."""
        self.clock.advance(seconds)
        await self.heard()

    def application(self) -> Starlette:
        async def told(request: Request, error: Exception) -> Response:
            assert isinstance(error, BridgeError)
            return error_response(self.pages, request, error)

        return Starlette(routes=self.routes, exception_handlers={BridgeError: told})

    def browser(self) -> "PortalBrowser":
        return PortalBrowser(self)


class PortalBrowser:
    """A browser with cookies of its own that follows no redirect by itself."""

    def __init__(self, world: PortalWorld) -> None:
        self.world = world
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(world.application()),
            base_url=world.origin,
            headers={"accept": "text/html", "accept-language": "zh-CN"},
        )

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=headers)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """What a form of the page sends."""
        headers = {"origin": self.world.origin, "sec-fetch-site": "same-origin"}
        return await self.http.post(path, data=fields, headers=headers)

    async def sign_in(self, path: str = "/login") -> httpx.Response:
        """Go to Keycloak and come back with a good code."""
        await self.http.get(path)
        return await self.get(f"/callback?{urlencode({'state': self.state, 'code': 'good'})}")

    @property
    def state(self) -> str:
        return self.world.keycloak.asked["state"]

    async def csrf(self, path: str = "/") -> str:
        found = re.search(r'name="csrf" content="([^"]+)"', (await self.get(path)).text)
        assert found is not None
        return found[1]


def query_of(response: httpx.Response) -> dict[str, str]:
    """The query of a redirect."""
    pairs = parse_qs(urlsplit(response.headers["location"]).query)
    return {name: values[0] for name, values in pairs.items()}


HOUR = timedelta(hours=1)
