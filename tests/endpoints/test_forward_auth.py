"""Forward-auth: who is let in, sent to sign in, or turned away, by every proxy's way of asking."""

import pytest

from tests.endpoints.gate_world import (
    COOKIE,
    DIALECTS,
    HOST,
    IDENTITY,
    SCRIPT,
    SITE,
    GateWorld,
    query_of,
)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_page_is_sent_to_sign_in_and_comes_back_to_the_very_address(
    world: GateWorld, dialect: str
):
    visitor, wanted = world.at(), "/tasks/7?day=%2Fa%20b&lang=zh"

    sent = await visitor.ask(wanted, dialect=dialect)

    assert sent.status_code == (401 if dialect in ("nginx", "haproxy") else 303)
    assert sent.headers["location"].startswith(f"{SITE}/.idp-bridge/sign-in?")
    back = await visitor.follow(sent)
    assert (back.status_code, back.headers["location"]) == (303, wanted)
    assert (await visitor.ask(wanted, dialect=dialect)).status_code == 200


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_script_is_told_401_and_sent_nowhere(world: GateWorld, dialect: str):
    answer = await world.at().ask("/api", dialect=dialect, headers=SCRIPT)

    assert (answer.status_code, answer.headers.get("location")) == (401, None)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_who_is_let_in_is_told_by_every_header_and_no_body(world: GateWorld, dialect: str):
    visitor = world.at()
    await visitor.sign_in()
    world.person.groups = ["/baoan/grid-12/grid-worker"]

    answer = await visitor.ask("/tasks", dialect=dialect)

    assert (answer.status_code, answer.content) == (200, b"")
    assert set(IDENTITY) <= set(answer.headers)
    assert answer.headers["x-bridge-user"] == answer.headers["remote-user"] == "chen"
    assert answer.headers["x-bridge-name"] == "%E9%99%88%E9%9D%99"
    assert answer.headers["x-bridge-roles"] == "patroller"
    assert answer.headers["x-bridge-realm"] == "workers"


async def test_the_cookie_is_opaque_and_small(world: GateWorld):
    visitor = world.at()
    await visitor.sign_in()

    assert len(visitor.cookies[COOKIE]) <= 100
    assert "chen" not in visitor.cookies[COOKIE]


async def test_an_app_that_reads_the_signed_header_gets_empty_plain_ones(world: GateWorld):
    visitor = world.at("https://other.test")
    await visitor.sign_in()

    answer = await visitor.ask()

    assert answer.headers["x-bridge-identity"]
    assert {answer.headers[name] for name in IDENTITY[1:]} == {""}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_form_of_somebody_signed_out_is_not_sent_and_they_are_told(
    world: GateWorld, dialect: str
):
    visitor = world.at()

    sent = await visitor.ask("/tasks?a=1", method="POST", dialect=dialect)
    page = await visitor.follow(sent)

    assert page.status_code == 200
    assert "没有提交" in page.text
    assert "/.idp-bridge/sign-in?to=%2Ftasks%3Fa%3D1" in page.text


async def test_a_websocket_is_decided_like_any_request(world: GateWorld):
    visitor = world.at()
    asking = {"upgrade": "websocket", "connection": "upgrade", "sec-fetch-mode": "websocket"}

    assert (await visitor.ask("/live", headers=asking)).status_code == 401
    await visitor.sign_in()
    assert (await visitor.ask("/live", headers=asking)).status_code == 200


async def test_a_rule_asks_for_a_role_on_its_paths_and_methods(world: GateWorld):
    visitor = world.at()
    await visitor.sign_in()

    assert (await visitor.ask("/admin")).status_code == 403
    assert (await visitor.ask("/admin/people")).status_code == 403
    assert (await visitor.ask("/administration")).status_code == 200
    assert (await visitor.ask("/reports")).status_code == 200
    assert (await visitor.ask("/reports", method="POST")).status_code == 403


async def test_who_holds_no_role_in_the_app_is_turned_away_and_not_sent_in_circles(
    world: GateWorld,
):
    world.person.apps = {}
    visitor = world.at()

    back = await visitor.sign_in("/tasks")

    assert back.headers["location"] == "/tasks"
    refused = await visitor.ask("/tasks", dialect="caddy")
    assert refused.status_code == 403
    assert "没有" in refused.text
    page = await visitor.open("/.idp-bridge/refused")
    assert page.status_code == 403


async def test_a_rule_asks_for_a_stronger_sign_in_once(world: GateWorld):
    visitor = world.at()
    await visitor.sign_in()
    keycloak = world.keycloak()

    sent = await visitor.ask("/secret/a")
    assert query_of(sent.headers["location"])["acr"] == "mfa"
    world.person.acr = "mfa"
    back = await visitor.follow(sent)

    assert back.headers["location"] == "/secret/a"
    assert keycloak.asked["acr_values"] == "mfa"
    assert (await visitor.ask("/secret/a")).status_code == 200


async def test_a_sign_in_that_stays_too_weak_ends_on_a_page_and_keeps_the_session(
    world: GateWorld,
):
    visitor = world.at()
    await visitor.sign_in()

    page = await visitor.follow(await visitor.ask("/secret/a"))

    assert page.status_code == 403
    assert (await visitor.ask("/tasks")).status_code == 200
    assert (await visitor.ask("/secret/a", headers=SCRIPT)).status_code == 401


async def test_an_app_of_both_realms_asks_as_whom_to_enter(world: GateWorld):
    visitor = world.at("https://both.test")

    page = await visitor.follow(await visitor.ask("/a"))
    assert "realm=residents" in page.text

    back = await visitor.open("/.idp-bridge/sign-in?to=%2Fa&realm=residents")
    callback = back.headers["location"].removeprefix("https://both.test")
    back = await visitor.open(f"{callback}&iss=https://kc.test/realms/residents")
    assert back.headers["location"] == "/a"
    assert (await visitor.ask("/a")).status_code == 200


async def test_signing_out_ends_the_session_at_the_bridge_at_once(world: GateWorld):
    visitor = world.at()
    await visitor.sign_in()
    kept = visitor.cookie
    assert (await visitor.ask(cookie=kept)).status_code == 200

    answer = await visitor.open("/.idp-bridge/sign-out", "POST", origin=SITE)

    assert answer.headers["location"].startswith("https://keycloak.test/logout")
    assert COOKIE not in visitor.cookies
    assert (await visitor.ask(cookie=kept)).status_code == 401


async def test_another_sites_form_signs_nobody_out(world: GateWorld):
    visitor = world.at()
    await visitor.sign_in()

    for origin in ("https://evil.test", "null", f"https://{HOST}.evil.test"):
        answer = await visitor.open("/.idp-bridge/sign-out", "POST", origin=origin)
        assert answer.status_code == 403
    assert (await visitor.ask()).status_code == 200


@pytest.mark.parametrize(
    ("dialect", "cookie", "left"),
    [
        ("traefik", "a=1; {ours}; b=2", "a=1; b=2"),
        ("envoy", "{ours}; a=1", "a=1"),
        ("traefik", "{ours}", None),
        ("envoy", "{ours}", None),
    ],
)
async def test_where_the_proxy_cannot_strip_our_cookies_the_answer_says_what_is_left(
    world: GateWorld, dialect: str, cookie: str, left: str | None
):
    visitor = world.at()
    await visitor.sign_in()
    sent = cookie.format(ours=visitor.cookie)

    answer = await visitor.ask(dialect=dialect, cookie=sent)

    assert answer.status_code == 200
    assert answer.headers.get("cookie") == left
    if dialect == "envoy" and left is None:
        assert answer.headers["x-envoy-auth-headers-to-remove"] == "cookie"


async def test_the_common_path_asks_no_store(world: GateWorld):
    visitor = world.at()
    await visitor.sign_in()
    await visitor.ask("/tasks")
    before = world.store.looks

    for path in ("/tasks", "/tasks/2", "/other"):
        assert (await visitor.ask(path)).status_code == 200
    assert (await visitor.ask("/admin/a")).status_code == 403
    assert world.store.looks == before
