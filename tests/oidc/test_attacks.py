"""Attacks before the code: redirects, parameters, sessions. Each fails without its defence."""

import pytest

from idp_bridge.core.cookies import browser_cookie, op_session_cookie
from idp_bridge.core.errors import InvalidGrant
from idp_bridge.core.secret import digest
from tests.oidc.world import (
    CALLBACK,
    ISSUER,
    ZHANG,
    Browser,
    World,
    claims_of,
    is_page,
    location,
    query,
    request,
)

OP_COOKIE = op_session_cookie(ISSUER, "residents")


# A. Redirects and parameters


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/callback",
        f"{CALLBACK}@evil.example",
        "https://a@b@app.example/callback",
        "https://app.example\\@evil.example/callback",
        f"{CALLBACK}#x",
        f"{CALLBACK}?code=attacker",
        f"{CALLBACK}%0d%0a",
        "",
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    browser: Browser, target: str
) -> None:
    await browser.code()
    for wish in ({}, {"prompt": "none"}, {"response_type": "nonsense"}, {"scope": "none"}):
        assert is_page(await browser.authorize(redirect_uri=target, **wish))


async def test_an_unknown_client_is_never_redirected(browser: Browser) -> None:
    assert is_page(await browser.authorize(client_id="unknown"))


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
async def test_a_second_address_or_client_in_one_request_is_not_believed(
    browser: Browser, name: str
) -> None:
    sound = str(browser.http.build_request("GET", "/authorize", params=request()).url)
    for value in (request()[name], "https://evil.example"):
        assert is_page(await browser.http.get(f"{sound}&{name}={value}"))


@pytest.mark.parametrize("name", ["state", "nonce", "scope", "code_challenge", "prompt"])
async def test_any_repeated_parameter_is_refused(browser: Browser, name: str) -> None:
    sound = str(browser.http.build_request("GET", "/authorize", params=request()).url)
    sound += "&prompt=login" if name == "prompt" else ""
    answer = await browser.http.get(f"{sound}&{name}=evil")

    assert query(answer)["error"] == "invalid_request"
    assert "evil" not in location(answer)


async def test_a_repeated_parameter_at_the_token_endpoint_is_refused(browser: Browser) -> None:
    code = await browser.code()
    answer = await browser.redeem(code, redirect_uri=[CALLBACK, CALLBACK])

    assert answer.json()["error"] == "invalid_request"


async def test_markup_in_state_stays_text_in_a_form_post_page(browser: Browser) -> None:
    answer = await browser.authorize(
        response_mode="form_post", prompt="none", state='"><script>alert(1)</script>'
    )

    assert "<script>alert" not in answer.text


# D. Sessions and pre-login state


async def test_a_planted_session_cookie_is_not_signed_in_by_the_victim(world: World) -> None:
    attacker, victim = world.browser(), world.browser()
    await attacker.code()
    planted = attacker.http.cookies[OP_COOKIE]
    victim.http.cookies.set(OP_COOKIE, planted, domain="op.example", path="/")
    await victim.sign_in(await victim.authorize(prompt="login"), "33333333-li")

    assert victim.http.cookies[OP_COOKIE] != planted
    assert query(await attacker.authorize(prompt="none"))["error"] == "login_required"


async def test_another_person_at_the_same_browser_gets_another_sid(
    world: World, browser: Browser
) -> None:
    world.accounts.table["residents", "li"] = world.accounts.table["residents", ZHANG]
    first = claims_of(world, (await browser.tokens())["id_token"])
    answer = await browser.sign_in(await browser.authorize(prompt="login"), "li")
    second = claims_of(world, (await browser.redeem(query(answer)["code"])).json()["id_token"])

    assert first["sid"] != second["sid"]


async def test_an_interaction_is_of_no_use_to_another_browser(world: World) -> None:
    attacker, victim = world.browser(), world.browser()
    page = await attacker.authorize()
    await victim.authorize()

    with pytest.raises(InvalidGrant):
        await victim.sign_in(page)


async def test_a_kept_answer_is_of_no_use_to_another_browser_nor_twice(
    world: World, browser: Browser
) -> None:
    page = await browser.authorize(response_mode="form_post")
    secret = browser.http.cookies[browser_cookie(ISSUER)]
    response = await world.authorizations.refuse(query(page)["i"], digest(secret), "access_denied")
    addresses = [
        await world.authorizations.way_back(response, issuer=ISSUER, browser=digest(secret))
        for _ in range(2)
    ]
    other = world.browser()
    await other.authorize()

    assert is_page(await other.http.get(addresses[0]))
    assert (await browser.http.get(addresses[1])).status_code == 200
    assert is_page(await browser.http.get(addresses[1]))


async def test_prompt_login_is_not_met_by_an_older_sign_in(world: World, browser: Browser) -> None:
    await browser.code()
    world.clock.advance(10)
    for wish in ({"prompt": "login"}, {"max_age": 0}, {"max_age": 5}):
        page = await browser.authorize(**wish)
        with pytest.raises(Exception, match="fresh"):
            await browser.sign_in(page, age=10)


async def test_an_essential_level_is_never_answered_with_less(browser: Browser) -> None:
    claims = '{"id_token": {"acr": {"essential": true, "values": ["mfa"]}}}'
    answer = await browser.sign_in(await browser.authorize(claims=claims), acr="qr")
    silent = await browser.authorize(claims=claims, prompt="none")

    assert query(answer)["error"] == "unmet_authentication_requirements"
    assert query(silent)["error"] == "login_required"


async def test_a_session_of_one_realm_does_not_sign_in_at_the_other(browser: Browser) -> None:
    await browser.code()
    token = browser.http.cookies[OP_COOKIE]
    browser.http.cookies.set(
        op_session_cookie(ISSUER, "workers"), token, domain="op.example", path="/"
    )
    answer = await browser.authorize(client_id="worker-app", prompt="none")

    assert query(answer)["error"] == "login_required"
