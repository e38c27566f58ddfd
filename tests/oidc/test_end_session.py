"""Ending sessions: who may, who hears of it, and what an attacker cannot do with it."""

import re
from typing import Any

import pytest

from idp_bridge.core.authorization import Client
from idp_bridge.oidc.clients import registered
from idp_bridge.settings import OpClientSettings, SettingsError
from tests.fakes import SigningKey
from tests.oidc.world import (
    AFTER_LOGOUT,
    CALLBACK,
    ISSUER,
    Browser,
    World,
    broker_token,
    claims_of,
    is_page,
    location,
    query,
)


async def is_signed_in(browser: Browser) -> bool:
    return "code" in query(await browser.authorize(prompt="none"))


async def test_keycloak_ends_a_session_without_a_browser_and_is_not_told_again(
    world: World, browser: Browser, client_key: SigningKey
) -> None:
    await browser.code()
    hint = await broker_token(world, browser, client_key)
    server = world.browser()
    wish = {"id_token_hint": hint, "state": "s", "post_logout_redirect_uri": AFTER_LOGOUT}
    answer = await server.http.get("/end_session", params=wish)

    assert location(answer) == f"{AFTER_LOGOUT}?state=s"
    assert not await is_signed_in(browser)
    assert [url for url, _ in world.listener.calls] == ["https://app.example/backchannel"]


async def test_an_expired_hint_still_names_the_session(world: World, browser: Browser) -> None:
    hint = (await browser.tokens())["id_token"]
    world.clock.advance(3600)
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT}

    assert location(await browser.http.get("/end_session", params=wish)) == AFTER_LOGOUT
    assert not await is_signed_in(browser)


async def test_a_hint_of_another_session_asks_the_person_first(world: World) -> None:
    attacker, victim = world.browser(), world.browser()
    hint = (await attacker.tokens())["id_token"]
    await victim.tokens()
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT}
    page = await victim.http.get("/end_session", params=wish)

    assert is_page(page, 200)
    assert await is_signed_in(victim)


async def test_a_hint_for_one_client_does_not_serve_another(browser: Browser) -> None:
    hint = (await browser.tokens())["id_token"]
    answer = await browser.http.get(
        "/end_session", params={"id_token_hint": hint, "client_id": "second"}
    )

    assert is_page(answer)
    assert await is_signed_in(browser)


async def test_another_site_cannot_confirm_for_the_person(world: World, browser: Browser) -> None:
    await browser.tokens()
    page = await browser.http.get("/end_session")
    found = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert found
    evil = await browser.http.post(
        "/end_session/confirm",
        data={"ticket": found[1]},
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    )
    other = await world.browser().http.post(
        "/end_session/confirm", data={"ticket": found[1]}, headers={"Origin": ISSUER}
    )

    assert (evil.status_code, other.status_code) == (403, 400)
    assert await is_signed_in(browser)


async def test_a_post_of_another_site_comes_back_with_our_cookies(browser: Browser) -> None:
    await browser.tokens()
    answer = await browser.http.post("/end_session", data={"state": "s"})

    assert location(answer) == f"{ISSUER}/end_session?state=s"


async def test_a_sign_out_reaches_the_sessions_of_both_realms(
    world: World, browser: Browser
) -> None:
    await browser.code()
    await browser.code(client_id="worker-app")
    page = await browser.http.get("/end_session")
    found = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert found
    await browser.http.post(
        "/end_session/confirm", data={"ticket": found[1]}, headers={"Origin": ISSUER}
    )

    assert not await is_signed_in(browser)
    answer = await browser.authorize(client_id="worker-app", prompt="none")
    assert query(answer)["error"] == "login_required"


@pytest.mark.parametrize(("status", "tries"), [(204, 1), (400, 1), (302, 1), (503, 2)])
async def test_a_client_that_answers_badly_does_not_hold_up_the_logout(
    world: World, browser: Browser, status: int, tries: int
) -> None:
    world.listener.status = status
    world.listener.headers = {"Location": "https://internal.example/steal"}
    claims = claims_of(world, (await browser.tokens())["id_token"])
    await world.logout.end_everywhere("residents", claims["sid"])

    assert [url for url, _ in world.listener.calls] == ["https://app.example/backchannel"] * tries
    assert not await is_signed_in(browser)


def registration(**changes: Any) -> OpClientSettings:
    sound: dict[str, Any] = {
        "client_id": "app",
        "redirect_uris": [CALLBACK],
        "auth_method": "client_secret_basic",
        "client_secret": "a-secret-of-some-length",
    }
    return OpClientSettings(**{**sound, **changes})


def test_a_sound_registration_becomes_a_client() -> None:
    client = registered([registration(scopes=["openid"])]).find("app")

    assert isinstance(client, Client)
    assert (client.secret, client.scopes) == ("a-secret-of-some-length", ("openid",))


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": ["https://*.example/callback"]},
        {"redirect_uris": ["http://app.example/callback"]},
        {"post_logout_redirect_uris": ["https://app.example/x#y"]},
        {"client_secret": ""},
        {"auth_method": "private_key_jwt"},
        {"backchannel_logout_uri": "http://169.254.169.254/latest"},
        {"backchannel_logout_uri": "file:///etc/passwd"},
        {"backchannel_logout_uri": "https://a@b.example/"},
        {"keycloak": True},
        {"level": "qr"},
    ],
    ids=str,
)
def test_a_registration_that_cannot_be_served_safely_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="app"):
        registered([registration(**changes)])


def test_one_client_id_is_registered_once() -> None:
    with pytest.raises(SettingsError, match="twice"):
        registered([registration(), registration()])
