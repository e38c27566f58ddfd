"""How a client proves itself at the token endpoint, and how it may not."""

from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from tests.fakes import SigningKey
from tests.oidc.world import (
    ASSERTION_TYPE,
    ISSUER,
    SECRET,
    Browser,
    World,
    assertion,
    basic,
    client,
)


async def redeem_signed(browser: Browser, token: str, **changes: Any) -> httpx.Response:
    code = await browser.code(client_id="signing")
    form = {
        "client_assertion": token,
        "client_assertion_type": ASSERTION_TYPE,
        "client_id": None,
    } | changes
    return await browser.redeem(code, secret="", **{"client_id": "signing"} | form)


def at(world: World) -> float:
    return world.clock().timestamp()


async def test_a_signed_assertion_is_proof(
    world: World, browser: Browser, client_key: SigningKey
) -> None:
    for audience in (ISSUER, f"{ISSUER}/token", [ISSUER]):
        token = assertion(client_key, "signing", at(world), aud=audience)
        assert (await redeem_signed(browser, token)).status_code == 200


async def test_an_assertion_works_once(
    world: World, browser: Browser, client_key: SigningKey
) -> None:
    token = assertion(client_key, "signing", at(world))
    first, second = await redeem_signed(browser, token), await redeem_signed(browser, token)

    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": []},
        {"iss": "app"},
        {"sub": "app"},
        {"exp": 0},
        {"exp": 4102444800},
        {"exp": "soon"},
        {"exp": None},
        {"jti": None},
        {"nbf": 4102444800},
        {"iat": 4102444800},
        {"kid": "k2"},
        {"alg": "HS256"},
        {"alg": "none"},
    ],
    ids=str,
)
async def test_an_assertion_that_is_not_quite_right_is_no_proof(
    world: World, browser: Browser, client_key: SigningKey, changes: dict[str, Any]
) -> None:
    token = assertion(client_key, "signing", at(world), **changes)

    assert (await redeem_signed(browser, token)).status_code == 401


async def test_an_assertion_signed_by_another_key_is_no_proof(
    world: World, browser: Browser
) -> None:
    token = assertion(SigningKey(), "signing", at(world))

    assert (await redeem_signed(browser, token)).status_code == 401


async def test_a_public_key_is_never_taken_for_a_shared_secret(
    world: World, browser: Browser, client_key: SigningKey
) -> None:
    claims = {"iss": "signing", "sub": "signing", "aud": ISSUER, "jti": "j", "exp": at(world) + 60}
    for secret in (client_key.jwk["x"], str(client_key.jwk)):
        token = jwt.encode(claims, secret, algorithm="HS256", headers={"kid": "k1"})
        assert (await redeem_signed(browser, token)).status_code == 401


@pytest.mark.parametrize(
    "more",
    [
        {"client_assertion_type": "urn:other"},
        {"client_assertion_type": None},
        {"client_id": "app"},
        {"client_secret": SECRET},
    ],
    ids=str,
)
async def test_an_assertion_comes_alone_and_says_what_it_is(
    world: World, browser: Browser, client_key: SigningKey, more: dict[str, Any]
) -> None:
    token = assertion(client_key, "signing", at(world))

    assert (await redeem_signed(browser, token, **more)).status_code == 401


async def test_a_client_proves_itself_by_its_own_method_only(browser: Browser) -> None:
    by_post = await browser.redeem(
        await browser.code(), client_id="app", client_secret=SECRET, secret=""
    )
    code = await browser.code(client_id="by-post")
    by_basic = await browser.redeem(code, client_id="by-post")
    code = await browser.code(client_id="signing")
    no_secret = await browser.redeem(code, client_id="signing", secret="x")
    nothing = await browser.redeem(await browser.code(), client_id="app", secret="")

    for answer in (by_post, by_basic, no_secret, nothing):
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "header",
    [
        basic("app", "wrong"),
        basic("unknown", SECRET),
        "Basic !!!",
        "Basic " + "YXBw",
        "Bearer " + SECRET,
        "Basic",
    ],
)
async def test_a_wrong_basic_header_is_challenged(browser: Browser, header: str) -> None:
    code = await browser.code()
    answer = await browser.http.post(
        "/token",
        data={"grant_type": "authorization_code", "code": code},
        headers={"Authorization": header},
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert SECRET not in answer.text


async def test_two_client_ids_or_two_proofs_are_refused(browser: Browser) -> None:
    for more in ({"client_id": "second"}, {"client_secret": SECRET}):
        answer = await browser.http.post(
            "/token",
            data={"grant_type": "authorization_code", "code": await browser.code(), **more},
            headers={"Authorization": basic("app", SECRET)},
        )
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"code": None}, "invalid_request"),
        ({"code": "unknown"}, "invalid_grant"),
    ],
    ids=str,
)
async def test_the_token_endpoint_names_what_is_wrong(
    browser: Browser, changes: dict[str, Any], error: str
) -> None:
    answer = await browser.redeem(**{"code": await browser.code(), **changes})

    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_the_token_endpoint_takes_forms_only(browser: Browser) -> None:
    answer = await browser.http.post("/token", json={"grant_type": "authorization_code"})

    assert answer.json()["error"] == "invalid_request"


async def test_keys_are_read_from_the_address_and_read_again_for_a_new_one(
    make_world: Callable[..., World], key_folder: Any, client_key: SigningKey
) -> None:
    remote = client(
        "signing", auth_method="private_key_jwt", secret="", jwks_uri="https://kc.example/certs"
    )
    world = World(key_folder, [remote])
    browser, newer = world.browser(), SigningKey()
    world.listener.jwks = {"keys": [{**client_key.jwk, "kid": "k1"}, {"kty": "new"}]}
    old = await redeem_signed(browser, assertion(client_key, "signing", at(world)))
    world.listener.jwks = {"keys": [{**newer.jwk, "kid": "k2"}]}
    too_soon = await redeem_signed(browser, assertion(newer, "signing", at(world), kid="k2"))
    world.clock.advance(6)
    later = await redeem_signed(browser, assertion(newer, "signing", at(world), kid="k2"))

    assert [a.status_code for a in (old, too_soon, later)] == [200, 401, 200]
    assert [url for url, _ in world.listener.calls] == ["https://kc.example/certs"] * 2
