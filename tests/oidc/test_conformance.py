"""What the OpenID Foundation's Config and Basic OP plans assert, module by module.

The module's name is in each test's docstring. ``scope-email``, ``-address``, ``-phone`` and
``refresh-token`` are skipped by the suite, for discovery does not list them.
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from tests.oidc.world import (
    CALLBACK,
    ISSUER,
    SECRET,
    VERIFIER,
    ZHANG,
    Browser,
    World,
    claims_of,
    is_page,
    location,
    query,
    request,
)


async def discovered(browser: Browser) -> dict[str, Any]:
    answer = await browser.http.get("/.well-known/openid-configuration")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


# Config


async def test_discovery_holds_what_the_specification_requires(browser: Browser) -> None:
    """oidcc-discovery-endpoint-verification, and the two logout plans' discovery modules"""
    document = await discovered(browser)

    assert document["issuer"] == ISSUER
    for name, value in document.items():
        if name.endswith(("_endpoint", "_uri")):
            assert urlsplit(value).scheme == "https", name
    assert document["response_types_supported"] == ["code"]
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "none" not in document["id_token_signing_alg_values_supported"]
    assert document["subject_types_supported"] == ["public"]
    assert document["grant_types_supported"] == ["authorization_code"]
    assert "openid" in document["scopes_supported"]
    assert "offline_access" not in document["scopes_supported"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert {"sub", "iss", "auth_time", "acr"} <= set(document["claims_supported"])
    assert document["claims_parameter_supported"] is True
    assert document["request_parameter_supported"] is False
    assert document["request_uri_parameter_supported"] is False
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["end_session_endpoint"] == f"{ISSUER}/end_session"


async def test_the_published_keys_are_public_and_tell_their_use(browser: Browser) -> None:
    """oidcc-discovery-endpoint-verification: jwks"""
    keys = (await browser.http.get("/jwks")).json()["keys"]

    assert {key["alg"] for key in keys} == {"RS256", "ES256"}
    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert key["use"] == "sig"
        assert not {"d", "p", "q", "dp", "dq", "qi"} & set(key)


# Basic


async def test_a_code_gives_a_sound_id_token(world: World, browser: Browser) -> None:
    """oidcc-server, oidcc-idtoken-signature"""
    answer = await browser.sign_in(await browser.authorize())
    assert query(answer) == {"code": query(answer)["code"], "state": "the-state", "iss": ISSUER}
    assert len(query(answer)["code"]) * 6 >= 128
    response = await browser.redeem(query(answer)["code"])
    body = response.json()
    claims = claims_of(world, body["id_token"])

    assert response.headers["cache-control"] == "no-store"
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 300
    assert "refresh_token" not in body
    header = jwt.get_unverified_header(body["id_token"])
    assert header["alg"] == "RS256"
    assert header["kid"]
    now = int(world.clock().timestamp())
    assert claims["aud"] == "app"
    assert claims["sub"] == ZHANG
    assert claims["nonce"] == "the-nonce"
    assert claims["iat"] == now
    assert now < claims["exp"] <= now + 300
    assert claims["auth_time"] == now
    known = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"}
    assert set(claims) == known | {"at_hash"}


async def test_a_request_without_response_type_goes_back_as_an_error(browser: Browser) -> None:
    """oidcc-response-type-missing"""
    answer = await browser.authorize(response_type=None)

    assert location(answer).startswith(CALLBACK)
    assert query(answer)["error"] in ("invalid_request", "unsupported_response_type")
    assert query(answer)["state"] == "the-state"
    assert query(answer)["iss"] == ISSUER
    assert "code" not in query(answer)


@pytest.mark.parametrize("kind", ["token", "id_token", "code id_token", "code token", "none"])
async def test_another_response_type_is_unsupported(browser: Browser, kind: str) -> None:
    answer = await browser.authorize(response_type=kind)

    assert query(answer)["error"] == "unsupported_response_type"


@pytest.mark.parametrize("way", ["get", "post-header", "post-body"])
async def test_userinfo_takes_the_token_in_three_ways(browser: Browser, way: str) -> None:
    """oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body"""
    token = (await browser.tokens())["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    answer = await {
        "get": lambda: browser.http.get("/userinfo", headers=header),
        "post-header": lambda: browser.http.post("/userinfo", headers=header),
        "post-body": lambda: browser.http.post("/userinfo", data={"access_token": token}),
    }[way]()

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"sub": ZHANG}


async def test_a_nonce_is_not_required(world: World, browser: Browser) -> None:
    """oidcc-ensure-request-without-nonce-succeeds-for-code-flow"""
    tokens = await browser.tokens(nonce=None)

    assert "nonce" not in claims_of(world, tokens["id_token"])


async def test_profile_claims_come_from_userinfo_and_not_in_the_id_token(
    world: World, browser: Browser
) -> None:
    """oidcc-scope-profile"""
    tokens = await browser.tokens(scope="profile openid")
    answer = await browser.userinfo(tokens["access_token"])

    expected = {"sub": ZHANG, "name": "张伟", "preferred_username": "zhangwei"}
    assert answer.json() == expected
    assert "name" not in claims_of(world, tokens["id_token"])
    assert set(tokens["scope"].split()) == {"openid", "profile"}


async def test_scopes_that_are_not_served_are_left_out(browser: Browser) -> None:
    """oidcc-scope-all, for a client that asks all the same"""
    tokens = await browser.tokens(scope="openid email address phone offline_access")

    assert tokens["scope"] == "openid"


@pytest.mark.parametrize(
    "more",
    [
        {"display": "page"},
        {"display": "popup"},
        {"extra": "foobar"},
        {"login_hint": "zhangwei"},
        {"ui_locales": "se en"},
        {"claims_locales": "se"},
    ],
)
async def test_a_harmless_parameter_changes_nothing(browser: Browser, more: dict[str, str]) -> None:
    """oidcc-display-page, -display-popup, -ensure-request-with-unknown-parameter-succeeds,
    -login-hint, -ui-locales, -claims-locales"""
    assert (await browser.tokens(**more))["id_token"]


@pytest.mark.parametrize("later", [0, 30])
async def test_a_code_works_once_and_its_second_use_ends_the_first(
    world: World, browser: Browser, later: int
) -> None:
    """oidcc-codereuse, oidcc-codereuse-30seconds"""
    code = await browser.code()
    tokens = (await browser.redeem(code)).json()
    assert (await browser.userinfo(tokens["access_token"])).status_code == 200
    world.clock.advance(later)

    again = await browser.redeem(code)

    assert again.status_code == 400
    assert again.headers["content-type"] == "application/json"
    assert again.json()["error"] == "invalid_grant"
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", again.json()["error_description"])
    assert (await browser.userinfo(tokens["access_token"])).status_code == 401


async def test_an_unregistered_redirect_uri_is_told_to_the_person(browser: Browser) -> None:
    """oidcc-ensure-registered-redirect-uri"""
    answer = await browser.authorize(redirect_uri=f"{CALLBACK}/other")

    assert is_page(answer)
    assert "返回地址未登记" in answer.text


async def test_an_authorization_request_may_be_posted(browser: Browser) -> None:
    """oidcc-ensure-post-request-succeeds"""
    answer = await browser.http.post("/authorize", data=request())
    assert answer.status_code == 303
    page = await browser.http.get(location(answer))

    assert location(page).startswith(f"{ISSUER}/sign-in?")
    assert "code" in query(await browser.sign_in(page))


async def test_a_client_may_send_its_secret_in_the_body(browser: Browser) -> None:
    """oidcc-server-client-secret-post"""
    code = await browser.code(client_id="by-post")
    answer = await browser.redeem(code, client_id="by-post", client_secret=SECRET, secret="")

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("parameter", "error"),
    [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
async def test_request_objects_are_refused_by_name(
    browser: Browser, parameter: str, error: str
) -> None:
    """oidcc-unsigned-request-object-..., oidcc-request-uri-unsigned-..."""
    answer = await browser.authorize(**{parameter: "https://app.example/object"})

    assert query(answer)["error"] == error


async def test_a_request_object_does_not_mend_a_bad_redirect_uri(browser: Browser) -> None:
    """oidcc-ensure-request-object-with-redirect-uri"""
    inner = jwt.encode(dict(request()), None, algorithm="none")
    answer = await browser.authorize(request=inner, redirect_uri="https://app.example/invalid")

    assert is_page(answer)


async def test_an_essential_name_comes_from_userinfo_only(world: World, browser: Browser) -> None:
    """oidcc-claims-essential"""
    claims = json.dumps({"userinfo": {"name": {"essential": True}}})
    tokens = await browser.tokens(claims=claims)

    assert (await browser.userinfo(tokens["access_token"])).json()["name"] == "张伟"
    assert "name" not in claims_of(world, tokens["id_token"])


async def test_a_client_registered_without_pkce_may_use_it(browser: Browser) -> None:
    """oidcc-ensure-request-with-valid-pkce-succeeds"""
    bare = await browser.code(client_id="plain", code_challenge=None, code_challenge_method=None)
    without = await browser.redeem(bare, client_id="plain", code_verifier=None)
    guarded = await browser.code(client_id="plain")
    with_it = await browser.redeem(guarded, client_id="plain", code_verifier=VERIFIER)

    assert (without.status_code, with_it.status_code) == (200, 200)


async def test_a_redirect_uri_keeps_its_own_query(browser: Browser) -> None:
    """the second client of several modules: ?dummy1=lorem&dummy2=ipsum"""
    target = f"{CALLBACK}?dummy1=lorem&dummy2=ipsum"
    page = await browser.authorize(client_id="second", redirect_uri=target)
    answer = await browser.sign_in(page)

    assert location(answer).startswith(f"{target}&code=")
    assert query(answer)["dummy1"] == "lorem"
