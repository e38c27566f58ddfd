"""Keycloak as a client: each of its ways in stands for one level, and for nothing more."""

from typing import Any

import pytest

from idp_bridge.core.levels import answered, reaches
from tests.fakes import SigningKey
from tests.oidc.world import ISSUER, Browser, World, broker_token, claims_of, location, query


@pytest.mark.parametrize("prompt", [None, "none"])
@pytest.mark.parametrize("action", ["UPDATE_PASSWORD", "webauthn-register-passwordless", "x"])
async def test_a_scan_never_adds_a_way_in(
    browser: Browser, prompt: str | None, action: str
) -> None:
    fresh = await browser.authorize(client_id="broker", kc_action=action, prompt=prompt)
    await browser.code(client_id="broker")
    held = await browser.authorize(client_id="broker", kc_action=action, prompt=prompt)

    assert query(fresh)["error"] == query(held)["error"] == "access_denied"


async def test_an_empty_action_is_no_action(browser: Browser) -> None:
    answer = await browser.authorize(client_id="broker", kc_action="")

    assert location(answer).startswith(f"{ISSUER}/sign-in?")


async def test_keycloak_never_sees_a_sign_in_of_this_very_second(
    world: World, browser: Browser, client_key: SigningKey
) -> None:
    claims = claims_of(world, await broker_token(world, browser, client_key), "broker")

    assert claims["iat"] - claims["auth_time"] == 2


@pytest.mark.parametrize(
    ("client_id", "wish", "refused"),
    [
        ("broker", {"acr_values": "password"}, True),
        ("broker", {"acr_values": "mfa passkey"}, True),
        ("broker", {"acr_values": "activation"}, True),
        ("broker", {"acr_values": "qr mfa"}, False),
        ("broker", {"claims": '{"id_token": {"acr": {"essential": true, "value": "mfa"}}}'}, True),
        ("broker", {}, False),
        ("activation", {"acr_values": "qr"}, True),
        ("activation", {}, False),
    ],
)
async def test_keycloak_is_refused_at_once_what_its_way_in_does_not_give(
    browser: Browser, client_id: str, wish: dict[str, str], refused: bool
) -> None:
    answer = await browser.authorize(client_id=client_id, **wish)

    assert (query(answer).get("error") == "access_denied") is refused


@pytest.mark.parametrize(("held", "wanted"), [("activation", "broker"), ("broker", "activation")])
async def test_a_session_of_one_level_never_answers_for_the_other(
    browser: Browser, held: str, wanted: str
) -> None:
    level = {"broker": "qr", "activation": "activation"}
    signed_in = await browser.sign_in(await browser.authorize(client_id=held), acr=level[held])
    silent = await browser.authorize(client_id=wanted, prompt="none")
    page = await browser.authorize(client_id=wanted)
    forced = await browser.sign_in(page, acr=level[held])

    assert "code" in query(signed_in)
    assert query(silent)["error"] == "login_required"
    assert query(forced)["error"] == "access_denied"


@pytest.mark.parametrize(
    ("proven", "wanted", "reached", "told"),
    [
        ("qr", [], False, "qr"),
        ("qr", ["qr"], True, "qr"),
        ("qr", ["password"], False, "qr"),
        ("mfa", ["password"], True, "password"),
        ("mfa", ["qr", "password", "passkey"], True, "password"),
        ("activation", ["qr"], False, "activation"),
        ("unknown", ["activation"], False, "unknown"),
        ("passkey", ["unknown"], False, "passkey"),
    ],
)
def test_no_level_is_told_that_was_not_proven(
    proven: str, wanted: list[Any], reached: bool, told: str
) -> None:
    assert reaches(proven, wanted) is reached
    assert answered(proven, wanted) == told
