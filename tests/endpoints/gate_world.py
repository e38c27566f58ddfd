"""The forward-auth listener as the bridge wires it, over a hand-written Keycloak."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from idp_bridge.core.apps import App
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.doors import Doors
from idp_bridge.core.errors import BridgeError
from idp_bridge.core.forward_auth import AT
from idp_bridge.core.grants import Grants
from idp_bridge.core.marks import LocalMarks
from idp_bridge.core.revocations import Revocations
from idp_bridge.endpoints.forward_auth_parts import GateParts, gate
from idp_bridge.oidc.keys import KeySet
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.sealing import AesSealer
from idp_bridge.web import reading
from idp_bridge.web.errors import error_response
from idp_bridge.web.pages import WebPages
from tests.fakes import FakeClock
from tests.web.portal_world import FakeKeycloak, ListedApps, Person, app

ISSUER = "https://bridge.test"
HOST = "patrol.test"
SITE = f"https://{HOST}"
OTHER = "https://other.test"
BOTH = "https://both.test"
COOKIE = "__Host-idpb-443"
PROXY, STRANGER = "10.0.0.1", "203.0.113.9"
PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate", "accept-language": "zh-CN"}
SCRIPT = {"accept": "*/*", "sec-fetch-mode": "cors"}
IDENTITY = (
    *("x-bridge-identity", "x-bridge-user", "x-bridge-name", "x-bridge-realm"),
    *("x-bridge-roles", "x-bridge-posts", "x-bridge-acr", "remote-user"),
)
DIALECTS = ("nginx", "haproxy", "traefik", "caddy", "envoy")


class CountingStore(MemoryStore):
    """Counts the looks at it."""

    looks = 0

    async def get(self, key: str) -> bytes | None:
        self.looks += 1
        return await super().get(key)


class GateWorld:
    """One copy of the listener and everything around it."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = CountingStore(self.clock)
        self.marks = LocalMarks(self.store)
        self.revocations = Revocations(self.store, self.clock, self.marks)
        self.apps = ListedApps(*_apps())
        self.keycloaks: dict[tuple[str, str], FakeKeycloak] = {}
        self.person = Person("chen", "陈静")
        self.person.apps = {"patrol": ["patroller"], "other": ["reader"], "both": ["reader"]}
        self.doors = Doors(self.apps, ("residents", "workers"), self._sessions)
        self.keys = KeySet(folder / "keys", self.clock)
        self.gate = self.another_copy()

    def another_copy(self, most: int = 1000) -> Any:
        pages = WebPages("gate", base=AT)

        def serve(routes: Sequence[BaseRoute]) -> ASGIApp:
            async def told(request: Request, error: Exception) -> Response:
                assert isinstance(error, BridgeError)
                return error_response(pages, request, error)

            mounted = Mount(AT, routes=[*routes, *reading.routes()])
            return Starlette(routes=[mounted], exception_handlers={BridgeError: told})

        return gate(
            GateParts(
                issuer=ISSUER,
                realms=("residents", "workers"),
                doors=self.doors,
                marks=self.marks,
                sign=self.keys.sign,
                pages=pages,
                serve=serve,
                trusted=[ip_network("10.0.0.0/24")],
                clock=self.clock,
                page_headers={"Content-Security-Policy": "default-src 'none'"},
                ticks=lambda: self.clock().timestamp(),
                most=most,
            )
        )

    def change(self, client_id: str, **changes: Any) -> None:
        """An administrator changes an app; the follower has not said so yet."""
        self.apps.apps = tuple(
            replace(one, **changes) if one.client_id == client_id else one for one in self.apps.apps
        )

    async def heard(self) -> None:
        """The follower has just read the events."""
        for realm in ("residents", "workers"):
            await self.revocations.heard(realm)

    async def later(self, seconds: float) -> None:
        """Time passes, followed all along."""
        while seconds > 0:
            self.clock.advance(min(1.0, seconds))
            await self.heard()
            seconds -= 1

    def at(self, url: str = SITE, peer: str = PROXY, copy: Any = None) -> "Visitor":
        return Visitor(self, url, peer, copy or self.gate)

    def keycloak(self, client_id: str = "patrol", realm: str = "workers") -> FakeKeycloak:
        return self.keycloaks[realm, client_id]

    def _sessions(self, realm: str, client_id: str, redirect_uri: str) -> ClientSessions:
        known = self.keycloaks.get((realm, client_id))
        client = known or FakeKeycloak(realm, client_id, self.clock)
        client.person = self.person
        client.answers_at_once = True
        self.keycloaks[realm, client_id] = client
        return ClientSessions(
            client,
            redirect_uri,
            grants=Grants(self.store, self.clock),
            store=self.store,
            revocations=self.revocations,
            sealer=AesSealer("k" * 32),
            clock=self.clock,
        )


class Visitor:
    """A browser at an app, and the proxy between it and the bridge."""

    def __init__(self, world: GateWorld, url: str, peer: str, copy: Any) -> None:
        self.world = world
        self.url = url
        self.gate = copy
        self.cookies: dict[str, str] = {}
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(copy, client=(peer, 1)), base_url="http://gate"
        )

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def ask(
        self,
        wanted: str = "/",
        *,
        method: str = "GET",
        dialect: str = "nginx",
        headers: dict[str, str] | None = None,
        cookie: str | None = None,
    ) -> httpx.Response:
        """The proxy's question about a request of this browser."""
        cookies = self.cookie if cookie is None else cookie
        sent = {
            **(PAGE if headers is None else headers),
            **({"cookie": cookies} if cookies else {}),
        }
        request = asked(self.url, wanted, method, dialect)
        return await self.http.send(
            self.http.build_request(request[0], request[1], headers=[*request[2], *sent.items()])
        )

    async def open(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """A page below ``/.idp-bridge``, as the proxy passes it on."""
        parts = urlsplit(self.url)
        passed = {"host": parts.netloc, "x-forwarded-proto": parts.scheme}
        answer = await self.http.request(
            method, path, headers=PAGE | passed | {"cookie": self.cookie} | headers
        )
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return answer

    async def sign_in(self, wanted: str = "/") -> httpx.Response:
        """Go where the answer sends a page, until the app's own address comes."""
        answer = await self.ask(wanted)
        assert answer.status_code == 401, answer
        return await self.follow(answer)

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        for _ in range(8):
            location = answer.headers.get("location", "")
            path = location.removeprefix(self.url)
            if not path.startswith(f"{AT}/"):
                return answer
            answer = await self.open(path)
        raise AssertionError("sent in circles")


def asked(
    url: str, wanted: str, method: str, dialect: str
) -> tuple[str, str, list[tuple[str, str]]]:
    """Method, address and headers by which a proxy of a dialect asks."""
    scheme, _, host = url.partition("://")
    if dialect in ("nginx", "haproxy"):
        said = [("x-original-url", url + wanted), ("x-original-method", method)]
        return "GET", f"/forward-auth/{dialect}", [("host", host), *said]
    if dialect == "envoy":
        said = [("host", host), ("x-forwarded-proto", scheme)]
        return method, f"/forward-auth/envoy{wanted}", said
    said = [
        ("x-forwarded-method", method),
        ("x-forwarded-proto", scheme),
        ("x-forwarded-host", host),
        ("x-forwarded-uri", wanted),
    ]
    return "GET", f"/forward-auth/{dialect}", [("host", host), *said]


def query_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def _apps() -> tuple[App, ...]:
    def guarded(client_id: str, url: str, realm: str = "workers", **more: Any) -> App:
        facts = {
            "realm": realm,
            "protocol": "forward-auth",
            "redirect_uris": (f"{url}{AT}/callback",),
            **more,
        }
        return app(client_id, client_id, client_id, "work", **facts)

    rules = [
        {"paths": ["/admin/*"], "roles": ["organiser"]},
        {"paths": ["/reports"], "methods": ["POST"], "roles": ["organiser"]},
        {"paths": ["/secret/*"], "acr": "mfa"},
    ]
    return (
        guarded("patrol", SITE, settings={"rules": rules, "plain_headers": True}),
        guarded("other", OTHER),
        guarded("both", BOTH),
        guarded("both", BOTH, "residents"),
        app("grid", "网格", "Grid", "work", realm="workers"),
    )
