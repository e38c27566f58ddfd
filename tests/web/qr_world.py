"""The pages of QR login as the bridge wires them, over core's world: a PC's and a phone's HTTP."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from idp_bridge.core.activation import Activations
from idp_bridge.core.authorization import AuthorizationRequest, Client
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.clients import Clients
from idp_bridge.core.cookies import browser_cookie
from idp_bridge.core.errors import BridgeError
from idp_bridge.core.memory import Memory
from idp_bridge.core.relying_party import Tokens
from idp_bridge.core.secret import digest, new_token
from idp_bridge.core.sign_ins import SignIns
from idp_bridge.core.surroundings import Surroundings
from idp_bridge.settings import Settings
from idp_bridge.store.sealing import AesSealer
from idp_bridge.web import activation, kiosk, phone, phone_approval, qr, reading
from idp_bridge.web.errors import error_response
from idp_bridge.web.pages import WebPages
from idp_bridge.web.surface import Surface
from tests.core.world import REQUEST, World
from tests.fakes import SigningKey
from tests.web.portal_world import FakeKeycloak, ListedApps, NoLogout, Person, app

ISSUER, RESIDENT = "https://sso.test", "https://my.test"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


def settings_of(issuer: str, resident: str) -> Settings:
    """Settings with nothing behind them."""
    secret = SecretStr("s" * 40)
    return Settings(
        issuer=issuer,
        resident_url=resident,
        worker_url="https://work.test",
        admin_url="https://admin.test",
        keycloak_url="https://keycloak.test",
        bridge_client_secrets={"residents": secret, "workers": secret},
        secret_key=secret,
        keys_folder=Path("unused"),
        redis_url=secret,
        database_url=secret,
    )


class NoCities:
    """Knows no address."""

    def city(self, address: object) -> str:
        return ""


class KeycloakOfMany(FakeKeycloak):
    """Keeps apart who holds which refresh token, and when each of them signed in."""

    def __init__(self, realm: str, client_id: str, clock: Any) -> None:
        super().__init__(realm, client_id, clock)
        self._held: dict[str, tuple[Person, datetime]] = {}

    async def refresh(self, refresh_token: str) -> Tokens:
        self.person, signed_in_at = self._held[refresh_token]
        return replace(await super().refresh(refresh_token), auth_time=signed_in_at)

    def _tokens(self) -> Tokens:
        tokens = super()._tokens()
        name = f"refresh-{tokens.subject}-{len(self._held)}"
        self._held[name] = (replace(self.person), tokens.auth_time)
        return replace(tokens, refresh_token=name)


class QrWorld:
    """The OP's and the residents' origin over one core world."""

    def __init__(self, issuer: str = ISSUER, resident: str = RESIDENT, **core: Any) -> None:
        self.core = World(**core)
        self.issuer, self.resident = issuer, resident
        self.settings = settings_of(issuer, resident)
        self.logout = NoLogout()
        self.keycloak = KeycloakOfMany("residents", "resident-portal", self.core.clock)
        self.apps = ListedApps(app("legal-aid", "法律援助", "Legal aid", "find-a-service"))
        self.memory = Memory(b"m" * 32, self.settings.qr.remember_browser, self.core.clock)
        self.surroundings = Surroundings((), NoCities())
        self.activations = Activations(
            self.core.grants,
            self.core.accounts,
            self.core.audit,
            self.core.limits,
            self.core.clock,
        )
        self.sign_ins = SignIns(
            self.core.sign_ins, self.core.locks, self.logout, self.core.audit, self.core.clock
        )
        clients = [
            Client("keycloak-residents", "residents", (), "private_key_jwt", keycloak=True),
            Client("suite", "residents", (), "client_secret_basic"),
        ]
        self.clients = Clients(clients)
        self._apps = {
            urlsplit(issuer).netloc: self._application("op", self._op()),
            urlsplit(resident).netloc: self._application("resident", self._resident()),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        host = dict(scope["headers"])[b"host"].decode()
        await self._apps[host](scope, receive, send)

    def _op(self) -> list[BaseRoute]:
        core, pages = self.core, WebPages("op")
        shared: dict[str, Any] = {
            "settings": self.settings,
            "pages": pages,
            "authorizations": core.authorizations,
            "surroundings": self.surroundings,
            "clock": core.clock,
        }
        waiting = qr.QrParts(
            login=core.login,
            moves=core.moves,
            rules=core.rules,
            clients=self.clients,
            apps=self.apps,
            kiosks=core.kiosks,
            memory=self.memory,
            **shared,
        )
        codes = activation.ActivationParts(
            activations=self.activations, op_sessions=core.op_sessions, **shared
        )
        kiosks = kiosk.KioskParts(self.settings, pages, core.kiosks, core.op_sessions, self.logout)
        return [*qr.routes(waiting), *activation.routes(codes), *kiosk.routes(kiosks)]

    def _resident(self) -> list[BaseRoute]:
        core, pages = self.core, WebPages("resident")
        sessions = ClientSessions(
            self.keycloak,
            f"{self.resident}/callback",
            grants=core.grants,
            store=core.store,
            revocations=core.revocations,
            sealer=AesSealer("k" * 32),
            clock=core.clock,
        )
        self.surface = Surface("resident", self.resident, pages, sessions)
        approving = phone_approval.PhoneApprovalParts(
            self.surface, pages, core.approval, core.devices, self.surroundings
        )
        phones = phone.PhoneParts(
            self.surface, core.devices, self.sign_ins, core.kiosks, core.clock
        )
        return [
            *self.surface.routes(),
            *phone_approval.routes(approving),
            *phone.routes(phones),
        ]

    def _application(self, name: str, routes: list[BaseRoute]) -> Starlette:
        pages = WebPages(name)

        async def told(request: Request, error: Exception) -> Response:
            assert isinstance(error, BridgeError)
            return error_response(pages, request, error)

        return Starlette(
            routes=[*routes, *reading.routes()], exception_handlers={BridgeError: told}
        )

    async def begin(self, browser: str, **changes: Any) -> str:
        """An authorization request waits for the browser with this secret."""
        facts = {name: getattr(REQUEST, name) for name in REQUEST.__dataclass_fields__}
        request = AuthorizationRequest(**(facts | changes))
        return await self.core.authorizations.begin(request, digest(browser))


class Http:
    """A browser's HTTP at one origin: cookies of its own, no redirect followed."""

    def __init__(self, world: QrWorld, origin: str, agent: str = CHROME) -> None:
        self.world, self.origin = world, origin
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(world),
            base_url=origin,
            headers={"user-agent": agent, "accept-language": "zh-CN"},
        )

    async def get(self, path: str, accept: str = "text/html") -> httpx.Response:
        return await self.client.get(path, headers={"accept": accept})

    async def post(self, path: str, said: dict[str, Any], **headers: str) -> httpx.Response:
        """What a script of a page of this origin sends."""
        own = {"origin": self.origin, "sec-fetch-site": "same-origin", "accept": "application/json"}
        return await self.client.post(path, json=said, headers=own | headers)

    async def submit(self, path: str, said: dict[str, str]) -> httpx.Response:
        """What a form of a page of this origin sends."""
        own = {"origin": self.origin, "sec-fetch-site": "same-origin", "accept": "text/html"}
        return await self.client.post(path, data=said, headers=own)


class Pc(Http):
    """A computer at the sign-in page."""

    def __init__(self, world: QrWorld, agent: str = CHROME) -> None:
        super().__init__(world, world.issuer, agent)
        self.secret = new_token()
        self.interaction = ""
        self.hold(browser_cookie(world.issuer), self.secret)

    def hold(self, name: str, value: str) -> None:
        """Have a cookie of this origin."""
        self.client.cookies.set(name, value, domain=urlsplit(self.origin).netloc)

    async def arrive(self, **changes: Any) -> httpx.Response:
        """Come from the client and see the page."""
        self.interaction = await self.world.begin(self.secret, **changes)
        return await self.get(f"/sign-in?i={self.interaction}")

    async def start(self, **more: Any) -> httpx.Response:
        return await self.post("/qr/start", {"i": self.interaction, **more})

    async def act(self, name: str, **more: Any) -> httpx.Response:
        return await self.post(f"/qr/{name}", {"i": self.interaction, **more})

    async def status(self) -> httpx.Response:
        return await self.get(f"/qr/status?i={self.interaction}", "application/json")


class Mobile(Http):
    """A resident's phone in the portal."""

    def __init__(self, world: QrWorld) -> None:
        super().__init__(world, world.resident)
        self.key = SigningKey()
        self.csrf = ""
        self._proofs = 0

    async def sign_in(self, subject: str = "zhang", acr: str = "password") -> None:
        """Sign in at Keycloak and come back to the scanner."""
        keycloak = self.world.keycloak
        name = self.world.core.accounts.table["residents", subject].name
        keycloak.person = Person(subject, name, ["resident"], acr=acr)
        await self.world.core.revocations.heard("residents")
        await self.get("/login?next=%2Fq")
        await self.get(f"/callback?state={keycloak.asked['state']}&code=good")
        page = await self.get("/q")
        found = re.search(r'name="csrf" content="([^"]+)"', page.text)
        assert found is not None, "not signed in"
        self.csrf = found[1]

    def proof(self, path: str) -> str:
        self._proofs += 1
        now = self.world.core.clock()
        return self.key.proof(self.origin + path, now, jti=f"proof-{id(self)}-{self._proofs}")

    async def tell(self, path: str, said: dict[str, Any], **headers: str) -> httpx.Response:
        """A signed-in POST with a proof of the key."""
        own = {"x-csrf-token": self.csrf, "dpop": self.proof(path)}
        return await self.post(path, said, **(own | headers))

    async def register(self) -> httpx.Response:
        return await self.tell("/phone/register", {"label": "我的手机"})

    async def scan(self, frame: str, gesture: str = "in_app") -> httpx.Response:
        return await self.tell("/q/scan", {"frame": frame, "gesture": gesture})

    def signed(self, asked: dict[str, Any], decision: str) -> str:
        frame = re.search(r'"frame":"([^"]+)"', asked["context"])
        assert frame is not None
        payload = {
            "flow": asked["reference"],
            "frame": frame[1],
            "ctx": digest(asked["context"]),
            "nonce": asked["nonce"],
            "decision": decision,
            "iat": int(self.world.core.clock().timestamp()),
        }
        return self.key.jws({"alg": "ES256", "typ": "qr-decision+jwt"}, payload)

    async def decide(
        self, asked: dict[str, Any], decision: str = "approve", **more: Any
    ) -> httpx.Response:
        said = {"reference": asked["reference"], "decision": self.signed(asked, decision), **more}
        return await self.tell("/q/decide", said)
