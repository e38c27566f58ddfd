"""A client that is not Keycloak: the person signs in at Keycloak, the OP is its relying party."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from idp_bridge.core.cookies import browser_cookie, op_session_cookie
from idp_bridge.core.errors import InvalidGrant, InvalidRequest
from idp_bridge.core.relying_party import LogoutToken, Tokens
from tests.fakes import START, FakeClock
from tests.oidc.world import CALLBACK, ISSUER, ZHANG, Browser, World, claims_of, client, query

KEYCLOAK = "https://kc.example/auth"


class FakeKeycloak:
    """A realm that signs in whom it is told, and checks what a real one checks."""

    client_id = "bridge-sign-in"

    def __init__(self, realm: str = "residents") -> None:
        self.realm = realm
        self.tokens = Tokens(ZHANG, "kc-session", "password", START, {}, "id", "refresh")
        self.asked: list[tuple[str, str, str]] = []
        self.logout_tokens: dict[str, LogoutToken] = {}

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_challenge: str,
        extra: Mapping[str, str],
    ) -> str:
        asked = {"state": state, "nonce": nonce, "code_challenge": code_challenge, **extra}
        return f"{KEYCLOAK}?{urlencode({'redirect_uri': redirect_uri, **asked})}"

    async def exchange(
        self, *, code: str, redirect_uri: str, code_verifier: str, nonce: str
    ) -> Tokens:
        if code != "kc-code":
            raise InvalidGrant("unknown code")
        self.asked.append((redirect_uri, code_verifier, nonce))
        return self.tokens

    async def refresh(self, refresh_token: str) -> Tokens:
        return self.tokens

    def logout_url(self, *, id_token_hint: str, post_logout_redirect_uri: str) -> str:
        return KEYCLOAK

    async def verify_logout_token(self, logout_token: str) -> LogoutToken:
        if logout_token not in self.logout_tokens:
            raise InvalidRequest("not of this realm")
        return self.logout_tokens[logout_token]


@pytest.fixture
def keycloak() -> FakeKeycloak:
    return FakeKeycloak()


@pytest.fixture
def world(key_folder: Path, keycloak: FakeKeycloak) -> World:
    return World(key_folder, [client()], sign_in_at={"residents": keycloak}, clock=FakeClock())


async def leave(browser: Browser, **changes: object) -> dict[str, str]:
    """Off to Keycloak; returns what it is asked."""
    page = await browser.authorize(**changes)
    answer = await browser.http.get("/sign-in/keycloak", params={"i": query(page)["i"]})
    address = urlsplit(answer.headers["Location"])
    assert address.netloc == "kc.example"
    asked = parse_qs(address.query, keep_blank_values=True)
    return {name: values[0] for name, values in asked.items()}


async def come_back(browser: Browser, **answer: str) -> httpx.Response:
    return await browser.http.get("/sign-in/callback", params=answer)


async def test_who_signs_in_at_keycloak_is_signed_in_here(
    world: World, browser: Browser, keycloak: FakeKeycloak
) -> None:
    asked = await leave(browser)
    before = browser.http.cookies[browser_cookie(ISSUER)]
    answer = await come_back(browser, code="kc-code", state=asked["state"])
    tokens = (await browser.redeem(query(answer)["code"])).json()
    claims = claims_of(world, tokens["id_token"])

    assert answer.headers["Location"].startswith(f"{CALLBACK}?code=")
    assert (claims["sub"], claims["acr"], claims["amr"]) == (ZHANG, "password", ["pwd"])
    assert asked["kc_idp_hint"] == ""
    assert keycloak.asked[0][0] == f"{ISSUER}/sign-in/callback"
    assert keycloak.asked[0][2] == asked["nonce"]
    assert browser.http.cookies[browser_cookie(ISSUER)] != before
    assert "code" in query(await browser.authorize(prompt="none"))


async def test_wishes_of_the_client_reach_keycloak(browser: Browser) -> None:
    asked = await leave(
        browser, prompt="login", acr_values="mfa passkey", login_hint="zhangwei", ui_locales="en"
    )

    assert asked["prompt"] == "login"
    assert asked["acr_values"] == "mfa passkey"
    assert asked["login_hint"] == "zhangwei"
    assert asked["ui_locales"] == "en"
    assert (await leave(browser, max_age=60))["prompt"] == "login"
    assert "prompt" not in await leave(browser)


async def test_giving_up_at_keycloak_leads_back_to_the_choice(browser: Browser) -> None:
    asked = await leave(browser)
    answer = await come_back(browser, error="access_denied", state=asked["state"])

    assert answer.headers["Location"].startswith(f"{ISSUER}/sign-in?i=")


async def test_workers_go_straight_to_keycloak_and_have_no_other_way(key_folder: Path) -> None:
    world = World(
        key_folder,
        [client("worker-app", realm="workers")],
        sign_in_at={"workers": FakeKeycloak("workers")},
        clock=FakeClock(),
    )
    browser = world.browser()
    page = await browser.authorize(client_id="worker-app")
    away = await browser.http.get(page.headers["Location"])
    answer = await come_back(browser, error="access_denied", state=query(away)["state"])
    again = await browser.authorize(client_id="worker-app")
    away = await browser.http.get(again.headers["Location"])
    signed_in = await come_back(browser, code="kc-code", state=query(away)["state"])

    assert page.headers["Location"].startswith(f"{ISSUER}/sign-in/keycloak?")
    assert query(answer) == {"error": "access_denied", "state": "the-state", "iss": ISSUER}
    assert "code" in query(signed_in)


async def test_an_old_sign_in_at_keycloak_does_not_meet_prompt_login(
    world: World, browser: Browser, keycloak: FakeKeycloak
) -> None:
    world.clock.advance(60)
    asked = await leave(browser, prompt="login")
    stale = await come_back(browser, code="kc-code", state=asked["state"])
    again = query(stale)["i"]
    answer = await browser.http.get("/sign-in/keycloak", params={"i": again})
    keycloak.tokens = replace(keycloak.tokens, auth_time=START + timedelta(seconds=60))
    fresh = await come_back(browser, code="kc-code", state=query(answer)["state"])

    assert stale.headers["Location"].startswith(f"{ISSUER}/sign-in?i=")
    assert "code" in query(fresh)


async def test_an_answer_of_keycloak_is_of_no_use_in_another_browser(
    world: World, keycloak: FakeKeycloak
) -> None:
    attacker, victim = world.browser(), world.browser()
    asked = await leave(attacker)
    await victim.authorize()
    planted = await come_back(victim, code="kc-code", state=asked["state"])
    bare = await come_back(world.browser(), code="kc-code", state=asked["state"])

    assert (planted.status_code, bare.status_code) == (400, 400)
    assert keycloak.asked == []
    assert op_session_cookie(ISSUER, "residents") not in victim.http.cookies


async def test_a_state_works_once_and_must_be_ours(browser: Browser) -> None:
    asked = await leave(browser)
    await come_back(browser, error="access_denied", state=asked["state"])

    for state in (asked["state"], "made-up", ""):
        assert (await come_back(browser, code="kc-code", state=state)).status_code == 400


async def test_another_person_at_the_browser_ends_the_session_before(
    world: World, browser: Browser, keycloak: FakeKeycloak
) -> None:
    asked = await leave(browser)
    answer = await come_back(browser, code="kc-code", state=asked["state"])
    await browser.redeem(query(answer)["code"])
    world.clock.advance(1)
    keycloak.tokens = replace(keycloak.tokens, subject="li", sid="kc-li", auth_time=world.clock())
    asked = await leave(browser, prompt="login")
    await come_back(browser, code="kc-code", state=asked["state"])

    assert world.accounts.ended == [("residents", "kc-session")]
    assert [url for url, _ in world.listener.calls] == ["https://app.example/backchannel"]


async def test_a_logout_at_keycloak_ends_the_session_here(
    world: World, browser: Browser, keycloak: FakeKeycloak
) -> None:
    asked = await leave(browser)
    await come_back(browser, code="kc-code", state=asked["state"])
    keycloak.logout_tokens["sound"] = LogoutToken("j", "kc-session", ZHANG)
    bad = await browser.http.post("/backchannel-logout", data={"logout_token": "forged"})
    assert "code" in query(await browser.authorize(prompt="none"))
    good = await browser.http.post("/backchannel-logout", data={"logout_token": "sound"})

    assert (bad.status_code, good.status_code) == (400, 200)
    assert query(await browser.authorize(prompt="none"))["error"] == "login_required"
    assert len(world.listener.calls) == 1


async def test_a_logout_of_the_whole_account_ends_every_session(
    world: World, browser: Browser, keycloak: FakeKeycloak
) -> None:
    await browser.code()
    world.clock.advance(1)
    keycloak.logout_tokens["all"] = LogoutToken("j", None, ZHANG)
    await browser.http.post("/backchannel-logout", data={"logout_token": "all"})

    assert query(await browser.authorize(prompt="none"))["error"] == "login_required"
