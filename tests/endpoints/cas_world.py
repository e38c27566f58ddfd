"""The CAS server as the bridge wires it, over a hand-written Keycloak, with apps that speak CAS."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree.ElementTree import Element, fromstring

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.app_logout import AppLogout, Line
from idp_bridge.core.apps import App
from idp_bridge.core.cas import CasParts, CasTickets
from idp_bridge.core.cas_proxy import CasProxies
from idp_bridge.core.cas_services import CasServices
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.doors import Doors
from idp_bridge.core.errors import BridgeError, Unavailable
from idp_bridge.core.grants import Grants
from idp_bridge.core.relying_party import Tokens
from idp_bridge.core.revocations import Revocations
from idp_bridge.core.ticket_trail import TicketTrail
from idp_bridge.core.visits import Visit, Visits
from idp_bridge.endpoints import cas
from idp_bridge.endpoints.entry import Entry, EntryParts
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.sealing import AesSealer
from idp_bridge.web.errors import error_response
from idp_bridge.web.pages import WebPages
from tests.fakes import FakeClock, ListedAudit
from tests.web.portal_world import FakeKeycloak, ListedApps, Person, app

ISSUER = "https://bridge.test"
CAS = "{http://www.yale.edu/tp/cas}"
SERVICE = "https://key-person.test/login"
ELSEWHERE = "https://house-files.test/cas"
CALLBACK = "https://house-files.test/pgt"


class Realm:
    """Who is signed in at one realm of Keycloak, whatever the client."""

    def __init__(self) -> None:
        self.signed_in = False
        self.since = 0.0
        self.person = Person(
            "chen",
            "陈静",
            ["grid-worker"],
            {"key-person": ["visitor"], "house-files": ["reader"], "report": ["author"]},
            ["/baoan/xixiang/grid-worker"],
        )


class Client(FakeKeycloak):
    """Keycloak to one client: answers at once, silently when somebody is signed in."""

    def __init__(self, realm: str, client_id: str, clock: FakeClock, at: Realm) -> None:
        super().__init__(realm, client_id, clock)
        self.at = at
        self.sid = f"sid-{realm}"
        self.strips_prompt = False

    def authorization_url(self, *, extra: Mapping[str, str], **asked: str) -> str:
        super().authorization_url(extra=extra, **asked)
        answer = {"state": asked["state"], "code": "good"}
        if not self.at.signed_in and extra.get("prompt") == "none":
            answer = {"state": asked["state"], "error": "login_required"}
        elif not self.at.signed_in or (extra.get("prompt") == "login" and not self.strips_prompt):
            self.at.signed_in, self.at.since = True, self._clock().timestamp()
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def _tokens(self) -> Tokens:
        self.person = self.at.person
        tokens = super()._tokens()
        claims = {**tokens.claims, "bridge_account": self.at.person.subject}
        moved = self._clock() - timedelta(seconds=self._clock().timestamp() - self.at.since)
        return replace(tokens, auth_time=moved, claims=claims)


class LeavingStore(MemoryStore):
    """A store that can go away."""

    away = False

    async def get(self, key: str) -> bytes | None:
        if self.away:
            raise Unavailable("the store is away")
        return await super().get(key)


class ListedOutbox:
    """An outbox in memory."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}

    async def write(self, line: Line) -> bool:
        if line.visit.key in self.lines:
            return False
        self.lines[line.visit.key] = line
        return True

    async def due(self, now: Any, limit: int) -> tuple[Line, ...]:
        return tuple(line for line in self.lines.values() if line.due and line.due <= now)

    async def change(self, old: Line, new: Line) -> bool:
        if self.lines.get(old.visit.key) != old:
            return False
        self.lines[new.visit.key] = new
        return True

    async def cross_out(self, visit: Visit) -> None:
        self.lines.pop(visit.key)

    async def given_up(self, limit: int) -> tuple[Line, ...]:
        return ()


class ListedTeller:
    """Notes who was told."""

    def __init__(self) -> None:
        self.told: list[Visit] = []

    async def tell(self, visit: Visit) -> None:
        self.told.append(visit)


class Callback:
    """An app that answers, or not, where it is called back."""

    def __init__(self) -> None:
        self.silent = False
        self.called: list[dict[str, str]] = []

    async def answers(self, url: str) -> bool:
        query = parse_qs(urlsplit(url).query)
        self.called.append({name: values[0] for name, values in query.items()})
        return not self.silent


class FakeIntroductions:
    """What Keycloak would tell another client: pairwise subject, that client's roles."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self.disabled = False

    async def claims(self, app: App, account: str) -> Mapping[str, Any]:
        if self.disabled:
            return {}
        roles = self.realm.person.apps.get(app.client_id, [])
        return {
            "sub": f"{account}-at-{app.client_id}",
            "resource_access": {app.client_id: {"roles": roles}},
        }


class CasWorld:
    """Everything around the CAS endpoints."""

    def __init__(self, store: type[MemoryStore] = MemoryStore) -> None:
        self.clock = FakeClock()
        self.store = store(self.clock)
        self.audit = ListedAudit()
        self.realms = {"workers": Realm(), "residents": Realm()}
        self.revocations = Revocations(self.store, self.clock)
        self.apps = ListedApps(*_apps())
        self.clients: dict[tuple[str, str], Client] = {}
        self.doors = Doors(self.apps, ("residents", "workers"), self._sessions)
        self.visits = Visits(self.store)
        self.teller = ListedTeller()
        self.outbox = ListedOutbox()
        self.app_logout = AppLogout(self.visits, self.outbox, {"cas": self.teller}, self.clock)
        self.pages = WebPages("op")
        self.callback = Callback()
        self.introductions = FakeIntroductions(self.realms["workers"])
        self.trail = TicketTrail(self.store, self.audit, self.clock)
        self.http = self.browser()

    def change(self, client_id: str, **changes: Any) -> None:
        """An administrator changes an app."""
        self.apps.apps = tuple(
            replace(one, **changes) if one.client_id == client_id else one for one in self.apps.apps
        )

    async def heard(self) -> None:
        """The follower has just read the events."""
        for realm in self.realms:
            await self.revocations.heard(realm)

    async def later(self, seconds: float) -> None:
        """Time passes, followed all along."""
        self.clock.advance(seconds)
        await self.heard()

    def browser(self) -> httpx.AsyncClient:
        """Another browser, which follows redirects within the bridge only."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self._application()),
            base_url=ISSUER,
            headers={"accept": "text/html", "accept-language": "zh-CN"},
        )

    async def go(
        self, path: str, http: httpx.AsyncClient | None = None, **query: str
    ) -> httpx.Response:
        """Open a page of the bridge and go where it leads, to the first page elsewhere."""
        browser = http or self.http
        answer = await browser.get(path, params=query or None)
        while answer.is_redirect and answer.headers["location"].startswith(("/", ISSUER)):
            answer = await browser.get(answer.headers["location"])
        return answer

    async def ticket(self, service: str = SERVICE, **query: str) -> str:
        """What a sign-in gives the service."""
        answer = await self.go("/cas/login", service=service, **query)
        assert answer.is_redirect, answer.text
        return query_of(answer)["ticket"]

    async def shown(
        self,
        ticket: str,
        service: str = SERVICE,
        path: str = "/cas/p3/serviceValidate",
        **more: str,
    ) -> Element:
        """What an app is told that shows ``ticket``."""
        query = {"ticket": ticket, "service": service, **more}
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200
        return fromstring(answer.content)[0]

    def _sessions(self, realm: str, client_id: str, redirect_uri: str) -> ClientSessions:
        client = Client(realm, client_id, self.clock, self.realms[realm])
        self.clients[realm, client_id] = client
        return ClientSessions(
            client,
            redirect_uri,
            grants=Grants(self.store, self.clock),
            store=self.store,
            revocations=self.revocations,
            sealer=AesSealer("k" * 32),
            clock=self.clock,
        )

    def _application(self) -> Starlette:
        entry = Entry(EntryParts(ISSUER, self.doors, self.pages, self.app_logout))
        services = CasServices(self.doors, ISSUER)
        parts = CasParts(
            grants=Grants(self.store, self.clock),
            services=services,
            sessions=entry.sessions,
            introductions=self.introductions,
            visits=self.visits,
            sealer=AesSealer("k" * 32),
            trail=self.trail,
            clock=self.clock,
        )
        self.tickets = CasTickets(parts)
        endpoints = cas.CasEndpoints(
            issuer=ISSUER,
            entry=entry,
            services=services,
            tickets=self.tickets,
            proxies=CasProxies(parts, self.tickets, self.callback),
            sessions=entry.sessions,
            pages=self.pages,
            clock=self.clock,
        )

        async def told(request: Request, error: Exception) -> Response:
            assert isinstance(error, BridgeError)
            return error_response(self.pages, request, error)

        routes = [*entry.routes(), *cas.routes(endpoints)]
        return Starlette(routes=routes, exception_handlers={BridgeError: told})


def _apps() -> tuple[App, ...]:
    def speaks_cas(client_id: str, realm: str, *uris: str, **more: Any) -> App:
        own = f"{ISSUER}/apps/callback/{realm}/{client_id}"
        facts = {"realm": realm, "protocol": "cas", "redirect_uris": (own, *uris), **more}
        return app(client_id, client_id, client_id, "work", **facts)

    return (
        speaks_cas("key-person", "workers", SERVICE, "https://key-person.test/files/*"),
        speaks_cas(
            "house-files",
            "workers",
            ELSEWHERE,
            settings={"proxied_by": ["report"], "after_logout": ["https://house-files.test/bye"]},
        ),
        speaks_cas(
            "report",
            "workers",
            "https://report.test/",
            settings={"proxy_callbacks": [CALLBACK], "attributes": {"memberOf": "roles"}},
        ),
        speaks_cas("both", "residents", "https://both.test/cas"),
        speaks_cas("both", "workers", "https://both.test/cas"),
        app(
            "grid-service",
            "网格",
            "Grid",
            "work",
            realm="workers",
            redirect_uris=("https://g.test/",),
        ),
    )


def query_of(answer: httpx.Response) -> dict[str, str]:
    """The query of a redirect."""
    pairs = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in pairs.items()}


def code_of(failure: Element) -> str:
    """The code of a refusal; a success has none."""
    assert failure.tag in (f"{CAS}authenticationFailure", f"{CAS}proxyFailure"), failure.tag
    return failure.attrib["code"]


def user_of(success: Element) -> str:
    """The user of a success."""
    assert success.tag == f"{CAS}authenticationSuccess", success.attrib
    return str(success.findtext(f"{CAS}user"))


async def proxied(world: CasWorld) -> str:
    """A proxy-granting ticket of the app `report`."""
    service = "https://report.test/"
    ticket = await world.ticket(service)
    told = await world.shown(ticket, service, pgtUrl=CALLBACK)
    [called] = world.callback.called
    assert told.findtext(f"{CAS}proxyGrantingTicket") == called["pgtIou"]
    return called["pgtId"]


async def proxy_ticket(world: CasWorld, pgt: str, target: str = ELSEWHERE) -> str:
    query = {"pgt": pgt, "targetService": target, "format": "JSON"}
    said = json.loads((await world.http.get("/cas/proxy", params=query)).text)["serviceResponse"]
    return said.get("proxySuccess", {}).get("proxyTicket") or said["authenticationFailure"]["code"]
