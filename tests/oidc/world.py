"""An assembled OP with real keys and tokens, browsers that keep cookies, and clients of it."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import httpx
import jwt
from starlette.applications import Starlette

from idp_bridge.core.accounts import Account
from idp_bridge.core.authorization import Authentication, Authorizations, Client
from idp_bridge.core.clients import Clients
from idp_bridge.core.cookies import browser_cookie, op_session_cookie
from idp_bridge.core.grants import Grants
from idp_bridge.core.logout import Logout
from idp_bridge.core.op_sessions import OpSessions
from idp_bridge.core.relying_party import RelyingParty
from idp_bridge.core.revocations import Revocations
from idp_bridge.core.secret import digest, new_token
from idp_bridge.oidc import HttpLogoutSender, KeySet, Provider, build
from idp_bridge.oidc.client_auth import ClientAuthentication
from idp_bridge.oidc.client_keys import ClientKeys
from idp_bridge.store.memory import MemoryStore
from idp_bridge.web.pages import WebPages
from tests.fakes import FakeAccounts, FakeClock, SigningKey

ISSUER = "https://op.example"
SECRET = "a-client-secret-of-some-length:+%&"
CALLBACK = "https://app.example/callback"
AFTER_LOGOUT = "https://app.example/signed-out"
ZHANG, ADMIN = "11111111-zhang", "22222222-admin"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636-ok"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


def client(client_id: str = "app", **changes: Any) -> Client:
    facts: dict[str, Any] = {
        "client_id": client_id,
        "realm": "residents",
        "redirect_uris": (CALLBACK,),
        "auth_method": "client_secret_basic",
        "secret": SECRET,
        "post_logout_redirect_uris": (AFTER_LOGOUT,),
        "backchannel_logout_uri": f"https://{client_id}.example/backchannel",
    }
    return Client(**{**facts, **changes})


@dataclass
class Listener:
    """The servers that the OP calls: back-channel addresses and key sets."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    jwks: Any = None
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.calls.append((str(request.url), {}))
            return httpx.Response(200, json=self.jwks)
        form = dict(parse_qsl(request.content.decode()))
        self.calls.append((str(request.url), form))
        return httpx.Response(self.status, headers=dict(self.headers))


class World:
    """One OP, its people and its clients."""

    def __init__(
        self,
        folder: Path,
        clients: Iterable[Client],
        sign_in_at: Mapping[str, RelyingParty] | None = None,
        clock: FakeClock | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self.store = MemoryStore(self.clock)
        self.keys = KeySet(folder, self.clock)
        self.listener = Listener()
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.listener.answer))
        self.accounts = FakeAccounts(
            Account("residents", ZHANG, "zhangwei", "张伟", True),
            Account("residents", ADMIN, "admin", "管理员", True, frozenset({"bridge-admin"})),
            Account("workers", ZHANG, "worker", "李警官", True),
        )
        self.clients = Clients(clients)
        self.grants = Grants(self.store, self.clock)
        self.revocations = Revocations(self.store, self.clock)
        self.sessions = OpSessions(self.grants, self.revocations, self.clock)
        self.authorizations = Authorizations(self.grants, self.clock)
        sender = HttpLogoutSender(http=http, keys=self.keys, issuer=ISSUER, clock=self.clock)
        self.logout = Logout(self.sessions, self.clients, sender, self.accounts)
        proofs = ClientAuthentication(
            issuer=ISSUER,
            clients=self.clients,
            keys=ClientKeys(http, self.clock),
            store=self.store,
            clock=self.clock,
        )
        self.provider = Provider(
            issuer=ISSUER,
            clients=self.clients,
            client_authentication=proofs,
            keys=self.keys,
            authorizations=self.authorizations,
            sessions=self.sessions,
            logout=self.logout,
            grants=self.grants,
            revocations=self.revocations,
            accounts=self.accounts,
            pages=WebPages("op"),
            clock=self.clock,
            sign_in_at=sign_in_at or {},
        )
        self.app = Starlette(routes=build(self.provider))

    def browser(self) -> "Browser":
        return Browser(self)


class Browser:
    """A browser at the OP; its sign-in page is played by ``sign_in``."""

    def __init__(self, world: World) -> None:
        self.world = world
        transport = httpx.ASGITransport(app=world.app)
        self.http = httpx.AsyncClient(
            transport=transport, base_url=ISSUER, headers={"Accept": "text/html"}
        )

    async def authorize(self, **changes: Any) -> httpx.Response:
        return await self.http.get("/authorize", params=request(**changes))

    async def sign_in(
        self, page: httpx.Response, subject: str = ZHANG, *, acr: str = "qr", age: float = 0
    ) -> httpx.Response:
        """What the sign-in page does once the person has acted; returns the way to the client."""
        world, op = self.world, self.world.provider
        interaction = query(page)["i"]
        browser = self.http.cookies[browser_cookie(ISSUER)]
        asked = await op.authorizations.pending(interaction, digest(browser))
        cookie = op_session_cookie(ISSUER, asked.realm)
        held = await op.sessions.find(self.http.cookies.get(cookie))
        same = held is not None and held.authentication.subject == subject
        sid = held.authentication.sid if held and same else op.sessions.new_sid()
        at = world.clock() - timedelta(seconds=age)
        who = Authentication(asked.realm, subject, at, acr, ("mca", "swk"), sid)
        response = await op.authorizations.approve(interaction, digest(browser), who)
        token = await op.sessions.start(who, previous=self.http.cookies.get(cookie))
        await op.sessions.answered(token, asked.client_id)
        self.http.cookies.set(cookie, token, domain="op.example", path="/")
        address = await op.authorizations.way_back(response, issuer=ISSUER, browser=digest(browser))
        if address.startswith(ISSUER):
            return await self.http.get(address)
        return httpx.Response(303, headers={"Location": address})

    async def code(self, **changes: Any) -> str:
        """A code for a person who signs in if need be."""
        answer = await self.authorize(**changes)
        if location(answer).startswith(f"{ISSUER}/sign-in"):
            answer = await self.sign_in(answer)
        return query(answer)["code"]

    async def redeem(self, code: str, **changes: Any) -> httpx.Response:
        secret = changes.pop("secret", SECRET)
        client_id = changes.pop("client_id", "app")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changes
        form = {name: value for name, value in form.items() if value is not None}
        headers = {"Authorization": basic(client_id, secret)} if secret else {}
        form |= {} if secret else {"client_id": client_id}
        return await self.http.post("/token", data=form, headers=headers)

    async def tokens(self, **changes: Any) -> dict[str, Any]:
        answer = await self.redeem(await self.code(**changes))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def userinfo(self, token: str) -> httpx.Response:
        return await self.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"})


def request(**changes: Any) -> dict[str, str]:
    """A sound authorization request with ``changes``; ``None`` leaves a parameter out."""
    sound = {
        "client_id": "app",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: str(value) for name, value in {**sound, **changes}.items() if value is not None}


def basic(client_id: str, secret: str) -> str:
    joined = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(joined.encode()).decode()


def is_page(answer: httpx.Response, status: int = 400) -> bool:
    """Whether the answer is a page for a person that leads nowhere by itself."""
    return (
        answer.status_code == status
        and "Location" not in answer.headers
        and "text/html" in answer.headers["content-type"]
    )


def location(answer: httpx.Response) -> str:
    return answer.headers.get("Location", "")


def query(answer: httpx.Response) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location(answer)).query).items()}


def claims_of(world: World, id_token: str, audience: str = "app") -> dict[str, Any]:
    """The claims of a token, checked against the published keys."""
    header = jwt.get_unverified_header(id_token)
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(world.keys.jwks()).keys}
    claims: dict[str, Any] = jwt.decode(
        id_token,
        keys[header["kid"]].key,
        algorithms=["RS256", "ES256"],
        audience=audience,
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )
    return claims


def assertion(key: SigningKey, client_id: str, at: float, **changes: Any) -> str:
    """A client assertion (RFC 7523) with ``changes`` to its claims."""
    header = {"alg": changes.pop("alg", "ES256"), "kid": changes.pop("kid", "k1")}
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "jti": new_token(),
        "iat": int(at),
        "exp": int(at) + 60,
    } | changes
    return key.jws(header, {name: value for name, value in claims.items() if value is not None})


async def broker_token(world: World, browser: Browser, key: SigningKey) -> str:
    """The ID token that Keycloak gets when it brokers to the OP."""
    code = await browser.code(client_id="broker")
    answer = await browser.redeem(
        code,
        secret="",
        client_id="broker",
        client_assertion=assertion(key, "broker", world.clock().timestamp()),
        client_assertion_type=ASSERTION_TYPE,
    )
    return str(answer.json()["id_token"])


def with_query(address: str, **more: str) -> str:
    return f"{address}?{urlencode(more)}"
