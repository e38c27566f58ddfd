"""The code flow against a real Keycloak: a browser, a form, and what comes back."""

import base64
import hashlib
import html
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from idp_bridge.core.clock import system_clock
from idp_bridge.core.errors import InvalidGrant, InvalidRequest, NotSignedIn
from idp_bridge.core.secret import new_token
from idp_bridge.keycloak.relying_party import KeycloakRelyingParty, Registration
from idp_bridge.store.memory import MemoryStore
from tests.live.keycloak.calls import BackChannel
from tests.live.keycloak.following import Bridge
from tests.live.keycloak.throwaway import PASSWORD, SECRET, Realm
from tests.waiting import comes_true

CALLBACK = "https://work.example/callback"
OUR_KEY = ec.generate_private_key(ec.SECP256R1())


def _jwks() -> str:
    numbers = jwt.algorithms.ECAlgorithm.to_jwk(OUR_KEY.public_key(), as_dict=True)
    return json.dumps({"keys": [{**numbers, "kid": "our", "use": "sig", "alg": "ES256"}]})


@dataclass
class Login:
    """One sign-in under way."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        whole = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def _login() -> Login:
    return Login(new_token(), new_token(), new_token())


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    """Sends ``Secure`` cookies to http://localhost as browsers do."""
    cookies = httpx.Cookies()
    cookies.jar = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
    hooks = {"request": [cookies.set_cookie_header], "response": [cookies.extract_cookies]}
    with httpx.Client(event_hooks=hooks, timeout=20) as browser:
        yield browser


@pytest.fixture
async def party(realm: Realm, channel: BackChannel) -> AsyncIterator[KeycloakRelyingParty]:
    told = {
        "use.jwks.string": "true",
        "jwks.string": _jwks(),
        "token.endpoint.auth.signing.alg": "ES256",
        "pkce.code.challenge.method": "S256",
        "backchannel.logout.url": channel.url,
        "backchannel.logout.session.required": "true",
    }
    realm.made["portal"] = realm.client(
        "portal",
        secret=None,
        clientAuthenticatorType="client-jwt",
        redirectUris=[CALLBACK],
        attributes=told,
    )
    async with httpx.AsyncClient(timeout=10) as http:
        yield KeycloakRelyingParty(
            Registration(realm.name, realm.named("portal"), realm.keycloak),
            http=http,
            sign=lambda claims: jwt.encode(dict(claims), OUR_KEY, "ES256", {"kid": "our"}),
            store=MemoryStore(system_clock),
            clock=system_clock,
        )


def _sign_in(
    browser: httpx.Client, party: KeycloakRelyingParty, login: Login, username: str, **extra: str
) -> str:
    """Go to Keycloak, fill the form in; returns the code."""
    address = party.authorization_url(
        redirect_uri=CALLBACK,
        state=login.state,
        nonce=login.nonce,
        code_challenge=login.challenge,
        extra=extra,
    )
    page = _until_ours(browser, browser.build_request("GET", address))
    if not page.is_redirect:
        action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert action, page.text
        form = {"username": username, "password": PASSWORD}
        filled = browser.build_request("POST", html.unescape(action[1]), data=form)
        page = _until_ours(browser, filled)
    assert page.is_redirect, page.text
    answer = parse_qs(urlsplit(page.headers["location"]).query)
    assert answer["state"] == [login.state]
    return answer["code"][0]


def _until_ours(browser: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Follow redirects up to the one that leads back to us."""
    page = browser.send(request)
    while page.next_request and not page.headers["location"].startswith(CALLBACK):
        page = browser.send(page.next_request)
    return page


def _exchange(login: Login, code: str) -> dict[str, str]:
    return {
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": login.verifier,
        "nonce": login.nonce,
    }


async def test_a_person_signs_in_and_the_tokens_say_who_and_what_for(
    realm: Realm, person: str, party: KeycloakRelyingParty, browser: httpx.Client
) -> None:
    handler = realm.client_role(realm.made["app"], "handler")
    mapping = f"/users/{person}/role-mappings/clients/{realm.made['app']}"
    realm.ask("POST", mapping, [handler])
    login = _login()
    code = _sign_in(browser, party, login, realm.named("zhangwei"))

    tokens = await party.exchange(**_exchange(login, code))

    assert tokens.subject == person
    assert [tokens.sid] == realm.sessions(person)
    assert abs((system_clock() - tokens.auth_time).total_seconds()) < 60
    assert tokens.claims["resource_access"][realm.named("app")]["roles"] == ["handler"]

    realm.ask("DELETE", mapping, [handler])
    again = await party.refresh(tokens.refresh_token)
    assert realm.named("app") not in again.claims["resource_access"]
    assert (again.subject, again.sid) == (tokens.subject, tokens.sid)


async def test_a_code_works_once_and_only_with_its_own_verifier_and_nonce(
    realm: Realm, person: str, party: KeycloakRelyingParty, browser: httpx.Client
) -> None:
    login = _login()
    code = _sign_in(browser, party, login, realm.named("zhangwei"))
    await party.exchange(**_exchange(login, code))
    with pytest.raises(InvalidGrant):
        await party.exchange(**_exchange(login, code))

    for changed in ({"code_verifier": new_token()}, {"nonce": new_token()}):
        login = _login()
        code = _sign_in(browser, party, login, realm.named("zhangwei"))
        with pytest.raises(InvalidGrant):
            await party.exchange(**(_exchange(login, code) | changed))


ENDINGS: dict[str, Any] = {
    "session ended": lambda r, p, sid: r.ask("DELETE", f"/sessions/{sid}"),
    "account disabled": lambda r, p, sid: r.ask(
        "PUT", f"/users/{p}", r.get(f"/users/{p}") | {"enabled": False}
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_refresh_after_the_end_is_refused(
    realm: Realm, person: str, party: KeycloakRelyingParty, browser: httpx.Client, ending: str
) -> None:
    login = _login()
    code = _sign_in(browser, party, login, realm.named("zhangwei"))
    tokens = await party.exchange(**_exchange(login, code))

    ENDINGS[ending](realm, person, tokens.sid)

    with pytest.raises(NotSignedIn):
        await party.refresh(tokens.refresh_token)


async def test_keycloaks_logout_token_is_believed_once(
    realm: Realm,
    person: str,
    party: KeycloakRelyingParty,
    browser: httpx.Client,
    channel: BackChannel,
) -> None:
    login = _login()
    code = _sign_in(browser, party, login, realm.named("zhangwei"))
    tokens = await party.exchange(**_exchange(login, code))
    realm.ask("POST", f"/users/{person}/logout")

    async def told() -> bool:
        return len(channel.tokens) == 1

    assert await comes_true(told, 5)
    said = await party.verify_logout_token(channel.tokens[0])
    assert (said.sid, said.subject) == (tokens.sid, person)
    with pytest.raises(InvalidRequest):
        await party.verify_logout_token(channel.tokens[0])


async def test_a_session_from_another_way_in_tells_its_sid_there(
    realm: Realm,
    person: str,
    party: KeycloakRelyingParty,
    browser: httpx.Client,
    other_realm: Realm,
) -> None:
    """The other realm stands where the bridge's OpenID Provider stands in a real deployment."""
    other_realm.begin()
    other_realm.client("broker", redirectUris=["*"])
    upstream = other_realm.person("zhangwei")
    alias = _broker(realm, other_realm)
    link = {"identityProvider": alias, "userId": upstream, "userName": "any"}
    realm.ask("POST", f"/users/{person}/federated-identity/{alias}", link)
    login = _login()

    code = _sign_in(browser, party, login, other_realm.named("zhangwei"), kc_idp_hint=alias)
    tokens = await party.exchange(**_exchange(login, code))

    assert tokens.subject == person
    bridge = Bridge(realm, MemoryStore(system_clock))
    (session,) = await bridge.accounts.sessions(realm.name, person)
    assert session.id == tokens.sid
    assert [session.bridge_sid] == other_realm.sessions(upstream)
    await bridge.api.close()


def _broker(realm: Realm, upstream: Realm) -> str:
    alias = realm.named("qr")
    config = {
        "clientId": upstream.named("broker"),
        "clientSecret": SECRET,
        "clientAuthMethod": "client_secret_post",
        "authorizationUrl": f"{upstream.oidc}/auth",
        "tokenUrl": f"{upstream.oidc}/token",
        "jwksUrl": f"{upstream.oidc}/certs",
        "issuer": f"{upstream.keycloak}/realms/{upstream.name}",
        "useJwksUrl": "true",
        "validateSignature": "true",
    }
    body = {"alias": alias, "providerId": "oidc", "enabled": True, "config": config}
    realm.ask("POST", "/identity-provider/instances", body)
    return alias
