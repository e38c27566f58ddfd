"""What the Basic OP plan asserts about a second request of somebody signed in, by module."""

from tests.oidc.world import CALLBACK, ISSUER, Browser, World, claims_of, location, query

WELL_KNOWN = "/.well-known/openid-configuration"


async def test_prompt_login_asks_again_and_tells_a_later_time(
    world: World, browser: Browser
) -> None:
    """oidcc-prompt-login"""
    first = claims_of(world, (await browser.tokens())["id_token"])
    world.clock.advance(1)
    page = await browser.authorize(prompt="login")
    assert location(page).startswith(f"{ISSUER}/sign-in?")
    world.clock.advance(1)
    answer = await browser.sign_in(page)
    second = claims_of(world, (await browser.redeem(query(answer)["code"])).json()["id_token"])

    assert second["auth_time"] > first["auth_time"]
    assert second["sid"] == first["sid"]


async def test_prompt_none_without_a_session_needs_login(browser: Browser) -> None:
    """oidcc-prompt-none-not-logged-in"""
    answer = await browser.authorize(prompt="none", state="s" * 128)

    assert location(answer).startswith(CALLBACK)
    assert query(answer) == {"error": "login_required", "state": "s" * 128, "iss": ISSUER}


async def test_prompt_none_with_a_session_is_silent(world: World, browser: Browser) -> None:
    """oidcc-prompt-none-logged-in"""
    first = claims_of(world, (await browser.tokens())["id_token"])
    world.clock.advance(30)
    answer = await browser.authorize(prompt="none")
    second = claims_of(world, (await browser.redeem(query(answer)["code"])).json()["id_token"])

    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


async def test_max_age_1_asks_again_after_two_seconds(world: World, browser: Browser) -> None:
    """oidcc-max-age-1"""
    first = claims_of(world, (await browser.tokens())["id_token"])
    world.clock.advance(2)
    page = await browser.authorize(max_age=1)
    assert location(page).startswith(f"{ISSUER}/sign-in?")
    answer = await browser.sign_in(page)
    second = claims_of(world, (await browser.redeem(query(answer)["code"])).json()["id_token"])

    assert second["auth_time"] > first["auth_time"]


async def test_max_age_10000_is_silent(world: World, browser: Browser) -> None:
    """oidcc-max-age-10000"""
    first = claims_of(world, (await browser.tokens(max_age=15000))["id_token"])
    world.clock.advance(5)
    answer = await browser.authorize(max_age=10000)
    second = claims_of(world, (await browser.redeem(query(answer)["code"])).json()["id_token"])

    assert second["auth_time"] == first["auth_time"]


async def test_an_id_token_hint_for_the_same_person_is_silent(browser: Browser) -> None:
    """oidcc-id-token-hint"""
    hint = (await browser.tokens())["id_token"]
    answer = await browser.authorize(prompt="none", id_token_hint=hint)

    assert "code" in query(answer)


async def test_an_id_token_hint_for_somebody_else_needs_login(
    world: World, browser: Browser
) -> None:
    hint = (await browser.tokens())["id_token"]
    other = world.browser()
    await other.sign_in(await other.authorize(), "33333333-li")

    silent = await other.authorize(prompt="none", id_token_hint=hint)
    asked = await other.authorize(id_token_hint=hint)
    wrong = await other.sign_in(asked, "33333333-li")

    assert query(silent)["error"] == "login_required"
    assert query(wrong)["error"] == "login_required"


async def test_requested_acr_values_are_answered_with_one_of_them(
    world: World, browser: Browser
) -> None:
    """oidcc-ensure-request-with-acr-values-succeeds"""
    offered = (await browser.http.get(WELL_KNOWN)).json()["acr_values_supported"]
    tokens = await browser.tokens(acr_values=" ".join(offered))

    assert claims_of(world, tokens["id_token"])["acr"] in offered
