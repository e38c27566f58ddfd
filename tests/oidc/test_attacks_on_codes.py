"""Attacks on codes, tokens and waiting requests (B2, B3). Each fails without its defence."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from idp_bridge.core.authorization import Authentication
from idp_bridge.core.cookies import browser_cookie, op_session_cookie
from idp_bridge.core.errors import InvalidGrant
from idp_bridge.core.secret import digest
from tests.oidc.world import (
    ADMIN,
    CALLBACK,
    CHALLENGE,
    ISSUER,
    ZHANG,
    Browser,
    World,
    claims_of,
    location,
    query,
    with_query,
)

OP_COOKIE = op_session_cookie(ISSUER, "residents")


async def test_a_code_is_of_no_use_to_another_client_and_is_then_spent(browser: Browser) -> None:
    code = await browser.code()
    stolen = await browser.redeem(code, client_id="second")
    late = await browser.redeem(code)

    assert stolen.json()["error"] == "invalid_grant"
    assert late.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("target", [f"{CALLBACK}?dummy1=lorem&dummy2=ipsum", f"{CALLBACK}/", None])
async def test_a_code_is_bound_to_its_redirect_uri(browser: Browser, target: str | None) -> None:
    code = await browser.code(client_id="second")
    answer = await browser.redeem(code, client_id="second", redirect_uri=target)

    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("verifier", [None, "", "a" * 43, CHALLENGE, "a" * 129])
async def test_a_code_needs_the_verifier_of_its_challenge(
    browser: Browser, verifier: str | None
) -> None:
    answer = await browser.redeem(await browser.code(), code_verifier=verifier)

    assert answer.json()["error"] == "invalid_grant"


async def test_a_verifier_for_a_code_without_challenge_is_a_downgrade(browser: Browser) -> None:
    code = await browser.code(client_id="plain", code_challenge=None, code_challenge_method=None)
    answer = await browser.redeem(code, client_id="plain")

    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "pkce",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": "short"},
    ],
)
async def test_anything_but_s256_is_refused(browser: Browser, pkce: dict[str, Any]) -> None:
    assert query(await browser.authorize(**pkce))["error"] == "invalid_request"
    answer = await browser.authorize(client_id="plain", **pkce)
    assert pkce == {"code_challenge": None, "code_challenge_method": None} or (
        query(answer)["error"] == "invalid_request"
    )


@pytest.mark.parametrize(("age", "status"), [(59, 200), (61, 400)])
async def test_a_code_lives_sixty_seconds(
    world: World, browser: Browser, age: int, status: int
) -> None:
    code = await browser.code()
    world.clock.advance(age)

    assert (await browser.redeem(code)).status_code == status


async def test_expiry_is_checked_even_if_the_store_forgets_to(
    world: World, browser: Browser
) -> None:
    code = await browser.code()
    token = (await browser.tokens())["access_token"]
    for key, (value, _) in world.store._values.items():
        world.store._values[key] = (value, world.clock() + timedelta(days=9))
    world.clock.advance(301)

    assert (await browser.redeem(code)).status_code == 400
    assert (await browser.userinfo(token)).status_code == 401


async def test_of_fifty_parallel_redemptions_one_succeeds_and_its_tokens_end(
    browser: Browser,
) -> None:
    code = await browser.code()
    answers = await asyncio.gather(*(browser.redeem(code) for _ in range(50)))
    won = [answer for answer in answers if answer.status_code == 200]

    assert len(won) == 1
    assert (await browser.userinfo(won[0].json()["access_token"])).status_code == 401


async def test_no_token_of_one_kind_is_taken_for_another(world: World, browser: Browser) -> None:
    page = await browser.authorize()
    browser_secret = browser.http.cookies[browser_cookie(ISSUER)]
    code = await browser.code()
    access = (await browser.tokens())["access_token"]
    others = {query(page)["i"], browser_secret, browser.http.cookies[OP_COOKIE]}

    for token in others | {access}:
        assert (await browser.redeem(token)).json()["error"] == "invalid_grant"
    for token in others | {code}:
        assert (await browser.userinfo(token)).status_code == 401
        fresh = world.browser()
        fresh.http.cookies.set(OP_COOKIE, token, domain="op.example", path="/")
        if token != browser.http.cookies[OP_COOKIE]:
            answer = await fresh.authorize(prompt="none")
            assert query(answer)["error"] == "login_required"


async def test_a_shortened_or_changed_token_is_unknown(browser: Browser) -> None:
    token = (await browser.tokens())["access_token"]
    for changed in (token[:-1], token + "A", token[:-1] + ("A" if token[-1] != "A" else "B")):
        assert (await browser.userinfo(changed)).status_code == 401


# What changed between sign-in and redemption


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.accounts.change("residents", ZHANG, enabled=False),
        lambda world: world.accounts.table.pop(("residents", ZHANG)),
        lambda world: world.accounts.change("residents", ZHANG, roles={"bridge-admin"}),
        lambda world: world.accounts.change("residents", ZHANG, manages_realm=True),
    ],
    ids=["disabled", "deleted", "administrator by QR", "realm administrator by QR"],
)
async def test_the_account_is_read_again_at_redemption(
    world: World, browser: Browser, change: Callable[[World], object]
) -> None:
    code = await browser.code()
    change(world)

    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("acr", ["qr", "activation", "unknown"])
async def test_an_administrator_never_signs_in_by_less_than_a_password(
    browser: Browser, acr: str
) -> None:
    answer = await browser.sign_in(await browser.authorize(), ADMIN, acr=acr)
    weak = await browser.redeem(query(answer)["code"])
    answer = await browser.sign_in(await browser.authorize(prompt="login"), ADMIN, acr="mfa")
    strong = await browser.redeem(query(answer)["code"])

    assert (weak.status_code, strong.status_code) == (400, 200)


async def test_a_session_that_ended_redeems_no_code_and_reads_no_claims(
    world: World, browser: Browser
) -> None:
    tokens, code = await browser.tokens(), await browser.code()
    world.clock.advance(1)
    await world.logout.end_everywhere("residents", claims_of(world, tokens["id_token"])["sid"])

    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"
    assert (await browser.userinfo(tokens["access_token"])).status_code == 401
    assert query(await browser.authorize(prompt="none"))["error"] == "login_required"


async def test_a_disabled_account_reads_no_claims(world: World, browser: Browser) -> None:
    token = (await browser.tokens())["access_token"]
    world.accounts.change("residents", ZHANG, enabled=False)

    assert (await browser.userinfo(token)).status_code == 401


# B2: what was asked stays what was asked


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "nonce"])
async def test_nothing_of_a_waiting_request_can_be_changed(
    world: World, browser: Browser, name: str
) -> None:
    page = await browser.authorize()
    changed = {"client_id": "second", "scope": "openid profile"}.get(name, "evil")
    await browser.authorize(**{name: changed})
    page.headers["Location"] = with_query(
        f"{ISSUER}/sign-in", i=query(page)["i"], **{name: changed}
    )
    answer = await browser.sign_in(page)
    redeemed = await browser.redeem(query(answer)["code"], scope="openid profile", nonce="evil")

    assert location(answer).startswith(f"{CALLBACK}?")
    assert query(answer)["state"] == "the-state"
    assert redeemed.json()["scope"] == "openid"
    assert claims_of(world, redeemed.json()["id_token"])["nonce"] == "the-nonce"


async def test_a_sign_in_of_another_realm_is_refused(world: World, browser: Browser) -> None:
    page = await browser.authorize()
    secret = digest(browser.http.cookies[browser_cookie(ISSUER)])
    who = Authentication("workers", ZHANG, world.clock(), "mfa", ("pwd",), "sid")

    with pytest.raises(InvalidGrant):
        await world.authorizations.approve(query(page)["i"], secret, who)
