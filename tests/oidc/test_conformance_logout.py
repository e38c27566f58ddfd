"""What the Form Post, RP-Initiated Logout and Back-Channel Logout OP plans assert, by module."""

import re

import httpx
import jwt
import pytest

from idp_bridge.core.cookies import op_session_cookie
from tests.oidc.world import (
    AFTER_LOGOUT,
    CALLBACK,
    ISSUER,
    SECRET,
    Browser,
    World,
    claims_of,
    is_page,
    location,
    query,
)


def posted(answer: httpx.Response) -> dict[str, str]:
    """The fields of a form-post page."""
    assert "text/html" in answer.headers["content-type"]
    assert f'action="{CALLBACK}"' in answer.text
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.text)
    return dict(found)


# Form Post


async def test_a_form_post_answer_is_a_page_that_posts_by_itself(
    world: World, browser: Browser
) -> None:
    """the Form Post plan's happy modules"""
    page = await browser.authorize(response_mode="form_post")
    answer = await browser.sign_in(page)
    fields = posted(answer)
    silent = await browser.authorize(response_mode="form_post", prompt="none")

    assert set(fields) == {"code", "state", "iss"}
    assert fields["state"] == "the-state"
    assert (await browser.redeem(fields["code"])).status_code == 200
    assert set(posted(silent)) == {"code", "state", "iss"}
    assert "send_at_once.js" in answer.text
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


async def test_a_form_post_error_is_posted_too(browser: Browser) -> None:
    """oidcc-response-type-missing and oidcc-prompt-none-not-logged-in by form post"""
    missing = await browser.authorize(response_mode="form_post", response_type=None)
    silent = await browser.authorize(response_mode="form_post", prompt="none")

    assert posted(missing)["error"] == "invalid_request"
    assert posted(silent) == {"error": "login_required", "state": "the-state", "iss": ISSUER}


# RP-Initiated Logout


async def signed_out(browser: Browser) -> bool:
    answer = await browser.authorize(prompt="none")
    return query(answer).get("error") == "login_required"


async def say_yes(browser: Browser, page: httpx.Response) -> httpx.Response:
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket
    return await browser.http.post(
        "/end_session/confirm", data={"ticket": ticket[1]}, headers={"Origin": ISSUER}
    )


@pytest.mark.parametrize("state", [None, "x" * 128])
async def test_logout_with_a_hint_goes_back_to_the_client(
    browser: Browser, state: str | None
) -> None:
    """oidcc-rp-initiated-logout, oidcc-rp-initiated-logout-no-state"""
    hint = (await browser.tokens())["id_token"]
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT}
    answer = await browser.http.get(
        "/end_session", params=wish | ({"state": state} if state else {})
    )

    assert location(answer) == AFTER_LOGOUT + (f"?state={state}" if state else "")
    assert await signed_out(browser)


async def test_logout_may_be_posted(browser: Browser) -> None:
    hint = (await browser.tokens())["id_token"]
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT}
    answer = await browser.http.post("/end_session", data=wish)

    assert location(answer) == AFTER_LOGOUT
    assert await signed_out(browser)


@pytest.mark.parametrize(
    "target", ["https://app.example/elsewhere", f"{AFTER_LOGOUT}?foo=bar", "https://evil.example"]
)
async def test_logout_never_goes_to_an_unregistered_address(browser: Browser, target: str) -> None:
    """oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, -query-added-..."""
    hint = (await browser.tokens())["id_token"]
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": target, "state": "s"}
    answer = await browser.http.get("/end_session", params=wish)

    assert is_page(answer)
    assert "返回地址未登记" in answer.text


async def test_a_hint_that_was_changed_or_forged_is_refused(world: World, browser: Browser) -> None:
    """oidcc-rp-initiated-logout-modified-id-token-hint, -bad-id-token-hint"""
    hint = (await browser.tokens())["id_token"]
    claims = claims_of(world, hint)
    kid = jwt.get_unverified_header(hint)["kid"]
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": kid})
    by_secret = jwt.encode(claims, SECRET, algorithm="HS256", headers={"kid": kid})
    for forged in (unsigned, by_secret, hint[:-8] + "AAAAAAAA", "nonsense"):
        wish = {"id_token_hint": forged, "post_logout_redirect_uri": AFTER_LOGOUT}
        answer = await browser.http.get("/end_session", params=wish)

        assert is_page(answer), forged
    assert not await signed_out(browser)


async def test_logout_without_a_hint_asks_and_does_not_go_back(browser: Browser) -> None:
    """oidcc-rp-initiated-logout-no-id-token-hint"""
    await browser.tokens()
    page = await browser.http.get(
        "/end_session", params={"post_logout_redirect_uri": AFTER_LOGOUT, "state": "s"}
    )
    assert is_page(page, 200)
    assert not await signed_out(browser)
    done = await say_yes(browser, page)

    assert is_page(done, 200)
    assert await signed_out(browser)


@pytest.mark.parametrize("wish", [{}, {"state": "only"}])
async def test_logout_without_anything_asks_and_says_so(
    browser: Browser, wish: dict[str, str]
) -> None:
    """oidcc-rp-initiated-logout-no-params, -only-state"""
    await browser.tokens()
    page = await browser.http.get("/end_session", params=wish)
    done = await say_yes(browser, page)

    assert "您已退出登录" in done.text
    assert await signed_out(browser)


async def test_logout_with_a_hint_and_no_address_says_so(browser: Browser) -> None:
    """oidcc-rp-initiated-logout-no-post-logout-redirect-uri"""
    hint = (await browser.tokens())["id_token"]
    answer = await browser.http.get("/end_session", params={"id_token_hint": hint})

    assert is_page(answer, 200)
    assert "您已退出登录" in answer.text
    assert await signed_out(browser)


async def test_logout_with_client_id_goes_back_after_the_person_agreed(browser: Browser) -> None:
    await browser.tokens()
    wish = {"client_id": "app", "post_logout_redirect_uri": AFTER_LOGOUT, "state": "s"}
    page = await browser.http.get("/end_session", params=wish)
    done = await say_yes(browser, page)

    assert location(done) == f"{AFTER_LOGOUT}?state=s"


# Back-Channel Logout


async def test_a_logout_reaches_every_client_by_the_back_channel(
    world: World, browser: Browser
) -> None:
    """oidcc-backchannel-rp-initiated-logout"""
    hint = (await browser.tokens())["id_token"]
    await browser.code(client_id="second")
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT, "state": "s"}
    answer = await browser.http.get("/end_session", params=wish)

    assert location(answer) == f"{AFTER_LOGOUT}?state=s"
    calls = dict(world.listener.calls)
    assert set(calls) == {"https://app.example/backchannel", "https://second.example/backchannel"}
    form = calls["https://app.example/backchannel"]
    assert set(form) == {"logout_token"}
    claims, hinted = claims_of(world, form["logout_token"]), claims_of(world, hint)
    assert jwt.get_unverified_header(form["logout_token"])["typ"] == "logout+jwt"
    assert (claims["sub"], claims["sid"]) == (hinted["sub"], hinted["sid"])
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims
    assert claims["jti"]
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert await signed_out(browser)
    assert op_session_cookie(ISSUER, "residents") not in browser.http.cookies
