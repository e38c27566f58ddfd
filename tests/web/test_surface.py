"""Signing in to an origin of the bridge, and what a page of it refuses."""

import pytest
from starlette.responses import JSONResponse, Response

from idp_bridge.web.surface import Visit
from tests.web.portal_world import PortalWorld, query_of


@pytest.fixture
async def portal() -> PortalWorld:
    world = PortalWorld()

    async def act(visit: Visit) -> Response:
        return JSONResponse({"subject": visit.session.subject})

    world.routes.append(world.surface.route("/act", act, ["GET", "POST"]))
    await world.heard()
    return world


async def test_signing_in_sets_a_new_host_cookie_and_goes_where_the_person_wanted(portal):
    browser = portal.browser()

    started = await browser.get("/login?next=/sessions")
    finished = await browser.get(f"/callback?state={browser.state}&code=good")

    assert started.status_code == 303
    assert started.headers["location"].startswith("https://keycloak.test/auth")
    assert finished.headers["location"] == "/sessions"
    cookie = finished.headers["set-cookie"]
    assert cookie.startswith("__Host-resident-443=")
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("wanted", ["//evil.test", "https://evil.test", "/\\evil.test"])
async def test_no_sign_in_leads_to_another_site(portal, wanted):
    browser = portal.browser()

    await browser.http.get("/login", params={"next": wanted})
    finished = await browser.get(f"/callback?state={browser.state}&code=good")

    assert finished.headers["location"] == "/"


async def test_a_callback_in_another_browser_signs_nobody_in(portal):
    attacker, victim = portal.browser(), portal.browser()
    await attacker.get("/login")

    answer = await victim.get(f"/callback?state={attacker.state}&code=good")

    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


async def test_a_callback_with_a_parameter_twice_is_refused(portal):
    browser = portal.browser()
    await browser.get("/login")

    answer = await browser.get(f"/callback?state={browser.state}&code=evil&code=good")

    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


async def test_two_tabs_that_sign_in_at_once_both_finish(portal):
    browser = portal.browser()
    await browser.get("/login?next=/sessions")
    first, challenge = browser.state, portal.keycloak.asked["code_challenge"]
    await browser.get("/login?next=/act")

    second_done = await browser.get(f"/callback?state={browser.state}&code=good")
    assert second_done.headers["location"] == "/act"
    assert first != browser.state
    assert challenge != portal.keycloak.asked["code_challenge"]


async def test_a_refusal_at_keycloak_is_a_page_with_another_way(portal):
    browser = portal.browser()
    await browser.get("/login?next=/sessions")

    page = await browser.get(f"/callback?state={browser.state}&error=access_denied")

    assert page.status_code == 403
    assert "/login?next=%2Fsessions&amp;way=" in page.text


async def test_a_page_sends_a_stranger_to_sign_in_and_a_script_gets_401(portal):
    browser = portal.browser()

    page = await browser.get("/act?tab=2")
    script = await browser.get("/act", accept="application/json")

    assert page.headers["location"] == "/login?next=%2Fact%3Ftab%3D2"
    assert (script.status_code, script.json()["error"]) == (401, "login_required")
    assert script.json()["message"] == "请先登录"


async def test_a_fresh_sign_in_asks_keycloak_for_a_new_act(portal):
    started = await portal.browser().get("/login?fresh=1&next=/phone")

    assert query_of(started)["prompt"] == "login"


@pytest.mark.parametrize(("way", "hint"), [("qr", "qr"), ("activation", "activation")])
async def test_a_way_in_can_be_asked_for(portal, way, hint):
    assert query_of(await portal.browser().get(f"/login?way={way}"))["kc_idp_hint"] == hint


async def test_an_unknown_way_in_is_not_passed_on(portal):
    assert "kc_idp_hint" not in query_of(await portal.browser().get("/login?way=evil"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "https://resident.test.evil.test", "sec-fetch-site": "same-origin"},
        {"origin": "https://resident.test", "sec-fetch-site": "cross-site"},
        {"origin": "https://resident.test", "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
async def test_a_post_from_elsewhere_is_refused_even_with_the_right_token(portal, headers):
    browser = portal.browser()
    await browser.sign_in()
    csrf = await browser.csrf()

    answer = await browser.http.post("/act", data={"csrf": csrf}, headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_post_without_the_sessions_own_token_is_refused(portal, token):
    browser = portal.browser()
    await browser.sign_in()

    assert (await browser.post("/act", csrf=token)).status_code == 403


async def test_a_token_of_another_session_is_refused(portal):
    mine, other = portal.browser(), portal.browser()
    await mine.sign_in()
    await other.sign_in()

    assert (await mine.post("/act", csrf=await other.csrf())).status_code == 403


async def test_a_post_of_a_page_is_answered_by_field_or_by_header(portal):
    browser = portal.browser()
    await browser.sign_in()
    csrf = await browser.csrf()
    headers = {"origin": portal.origin, "x-csrf-token": csrf}

    assert (await browser.post("/act", csrf=csrf)).json() == {"subject": "zhang"}
    assert (await browser.http.post("/act", json={}, headers=headers)).status_code == 200


async def test_signing_out_forgets_the_cookie_and_goes_to_keycloak(portal):
    browser = portal.browser()
    await browser.sign_in()

    answer = await browser.post("/logout", csrf=await browser.csrf())

    assert answer.status_code == 303
    assert query_of(answer) == {
        "id_token_hint": "id-token",
        "to": "https://resident.test/signed-out",
    }
    assert (await browser.get("/act")).headers["location"].startswith("/login")
    assert (await browser.get("/signed-out")).status_code == 200


async def test_nobody_is_signed_out_by_another_site(portal):
    browser = portal.browser()
    await browser.sign_in()

    forged = await browser.http.post("/logout", headers={"origin": "https://evil.test"})

    assert forged.status_code == 403
    assert (await browser.get("/act")).status_code == 200


async def test_keycloaks_back_channel_call_ends_the_session(portal):
    browser = portal.browser()
    await browser.sign_in()

    called = await browser.http.post(
        "/backchannel-logout", data={"logout_token": "sid:kc-session-1"}
    )

    assert called.status_code == 200
    assert (await browser.get("/act")).status_code == 303


async def test_a_bad_logout_token_ends_nothing(portal):
    browser = portal.browser()
    await browser.sign_in()

    refused = await browser.http.post("/backchannel-logout", data={"logout_token": "forged"})
    empty = await browser.http.post("/backchannel-logout", data={})

    assert (refused.status_code, empty.status_code) == (400, 400)
    assert (await browser.get("/act")).status_code == 200
