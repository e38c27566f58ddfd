"""Attacks on forward-auth. Those of ``specs/peers.md`` 4.2 C are named after what went wrong."""

from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import httpx
import jwt
import pytest

from idp_bridge.core.errors import Unavailable
from idp_bridge.core.forward_auth import Malformed, path_of
from tests.endpoints.gate_world import (
    COOKIE,
    DIALECTS,
    HOST,
    IDENTITY,
    ISSUER,
    PAGE,
    SITE,
    STRANGER,
    GateWorld,
    Visitor,
    asked,
)
from tests.hostile import corpus
from tests.web.portal_world import app

MALFORMED_PATHS = (
    *("/x/../admin/a", "/./admin/a", "//admin/a", "/x//admin", "/admin//a", "/x/..", "/.", "/.."),
    *(
        "/x/%2e%2e/admin/a",
        "/x/.%2E/admin/a",
        "/x/..%2fadmin/a",
        "/x%2F..%2Fadmin",
        "/%2fadmin/a",
        "/a%2fb",
    ),
    *("/%61dmin/a", "/adm%69n/a", "/x%7ey", "/x%2dy", "/x/%252e%252e/a", "/a%252fb", "/a%2fb"),
    *("/x;/../admin/a", "/admin;x=1/a", "/;/admin", "/x/..;/admin", "/admin%3b/a"),
    *("/x/..\\admin", "/x\\y", "/x/%5c../admin", "/x%5Cy"),
    *("/admin%00/a", "/x%0a", "/x%0d%0aSet-Cookie:a", "/x%7f", "/admin%20/a", "/%20admin", "/a%09"),
    *("/%c0%ae%c0%ae/admin", "/x/%c0%afadmin", "/%ff", "/%ed%a0%80", "/%ef%bc%8fadmin"),
    *("/%e2%80%a6/admin", "/x/%ef%bc%8e%ef%bc%8e/admin", "/x%ef%bc%bby%ef%bc%9b", "/admin./a"),
    *(
        "/x%",
        "/x%z",
        "/x%u002e",
        "/x#/../admin/a",
        '/x"',
        "/x<",
        "/x{",
        "/x|y",
        "/x^",
        "/x`",
        "/x[",
    ),
    *("admin/a", "", "*", "http://patrol.test/admin/a", "/中文", "/x y", "/x\ty", "/x\x7f"),
)
PLAIN_PATHS = (
    *("/", "/tasks/7", "/tasks/", "/a.b/c-d_e~f", "/.well-known/x", "/a,b=c:d@e", "/%E4%BD%A0"),
    *("/%e4%bd%a0%e5%a5%bd.html", "/a%20b", "/100%25", "/q!$&'()*"),
)


async def let_in(world: GateWorld, **more: Any) -> Visitor:
    visitor = world.at(**more)
    await visitor.sign_in()
    assert (await visitor.ask()).status_code == 200
    return visitor


async def send(visitor: Visitor, request: tuple[str, str, list[tuple[str, str]]]) -> httpx.Response:
    method, url, headers = request
    more = [*PAGE.items(), ("cookie", visitor.cookie)]
    return await visitor.http.send(
        visitor.http.build_request(method, url, headers=[*headers, *more])
    )


async def test_cve_2026_40575_who_is_no_proxy_of_ours_is_not_listened_to(world: GateWorld):
    visitor = await let_in(world)
    stranger = world.at(peer=STRANGER)
    stranger.cookies = visitor.cookies

    for dialect in DIALECTS:
        assert (await stranger.ask(dialect=dialect)).status_code == 403
    assert (await stranger.open("/.idp-bridge/sign-in?to=/")).status_code == 403


@pytest.mark.parametrize("dialect", ["nginx", "envoy"])
@pytest.mark.parametrize("name", ["x-forwarded-uri", "x-forwarded-method", "x-forwarded-host"])
async def test_cve_2026_40575_a_forwarded_header_of_another_dialect_skips_no_rule(
    world: GateWorld, dialect: str, name: str
):
    visitor = await let_in(world)
    method, url, headers = asked(SITE, "/admin/a", "GET", dialect)

    answer = await send(visitor, (method, url, [*headers, (name, "/")]))

    assert answer.status_code == 403


@pytest.mark.parametrize("agent", ["kube-probe/1.30", "GoogleHC/1.0", "ELB-HealthChecker/2.0", ""])
async def test_ghsa_5hvv_no_user_agent_is_let_in(world: GateWorld, agent: str):
    for path in ("/", "/ping", "/healthz", "/ready"):
        for dialect in DIALECTS:
            answer = await world.at().ask(path, dialect=dialect, headers={"user-agent": agent})
            assert answer.status_code == 401


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("query", ["?/tasks", "?x=/../tasks", "?", "?a?b", "?%2F..%2Ftasks"])
async def test_ghsa_pxq7_the_query_takes_no_part_in_a_rule(
    world: GateWorld, dialect: str, query: str
):
    visitor = await let_in(world)

    assert (await visitor.ask(f"/admin/a{query}", dialect=dialect)).status_code == 403
    assert (await visitor.ask(f"/tasks{query}", dialect=dialect)).status_code == 200


@pytest.mark.parametrize("dialect", ["nginx", "haproxy", "traefik", "caddy"])
async def test_ghsa_7rh7_a_fragment_is_no_part_of_a_request(world: GateWorld, dialect: str):
    visitor = await let_in(world)

    for path in ("/admin/a#/tasks", "/tasks#/../admin/a"):
        assert (await visitor.ask(path, dialect=dialect)).status_code == 403


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_cve_2025_64484_nothing_of_our_headers_is_taken_from_the_browser(
    world: GateWorld, dialect: str
):
    visitor = world.at()
    await visitor.sign_in()
    world.person.more = {"name": ""}
    forged = dict.fromkeys((*IDENTITY, "x_bridge_user", "X_Forwarded_User"), "evil")

    answer = await visitor.ask(dialect=dialect, headers=PAGE | forged)

    assert answer.status_code == 200
    assert "evil" not in answer.headers.values()
    assert set(IDENTITY) <= set(answer.headers)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_cve_2026_39858_two_headers_that_say_the_same_thing_are_refused(
    world: GateWorld, dialect: str
):
    visitor = await let_in(world)
    method, url, headers = asked(SITE, "/tasks", "GET", dialect)
    own = [pair for pair in headers if pair[0] != "host" or dialect == "envoy"]

    for pair in own:
        answer = await send(visitor, (method, url, [*headers, pair]))
        assert answer.status_code == 403, pair
    for name, _ in own:
        left = [pair for pair in headers if pair[0] != name]
        missing = await send(
            visitor, (method, url, left if name != "host" else [("host", ""), *left])
        )
        assert missing.status_code == 403, name


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "cookie",
    [
        *(f"{COOKIE}=", f"{COOKIE}=x", f"{COOKIE}=" + "A" * 43, f"{COOKIE}=" + "A" * 4000),
        *(f"{COOKIE}", "=", ";;;", f'{COOKIE}="', f"{COOKIE}=%00", f"{COOKIE}=../../x"),
        *(f"{COOKIE}=\xff\xfe", f"x{COOKIE}={{good}}", f"{COOKIE.lower()}={{good}}"),
        *(f"{COOKIE}={{good}}x", f"{COOKIE}={{good}}; {COOKIE}={{good}}", f"{COOKIE}={{good}}, a"),
    ],
)
async def test_cve_2026_25748_a_malformed_cookie_is_never_let_through(
    world: GateWorld, dialect: str, cookie: str
):
    visitor = await let_in(world)
    sent = cookie.format(good=visitor.cookies[COOKIE])
    method, url, headers = asked(SITE, "/", "GET", dialect)
    request = visitor.http.build_request(method, url)
    pairs = [(n.encode(), v.encode("latin-1")) for n, v in [*headers, ("cookie", sent)]]
    request.headers = httpx.Headers(pairs)

    answer = await visitor.http.send(request)

    assert answer.status_code in (401, 403)
    assert not set(IDENTITY) & set(answer.headers)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_cve_2024_47070_what_cannot_be_decided_is_refused(world: GateWorld, dialect: str):
    visitor = await let_in(world)
    await world.later(3)

    async def away(*_: object) -> bytes | None:
        raise Unavailable("redis is away")

    async def broken(*_: object) -> bytes | None:
        raise RuntimeError("a mistake of ours")

    world.marks.touch = False
    for trouble in (away, broken):
        world.store.get = trouble  # type: ignore[method-assign]
        for path in ("/", "/admin/a"):
            answer = await visitor.ask(path, dialect=dialect)
            assert answer.status_code == 403
            assert not set(IDENTITY) & set(answer.headers)


async def test_cve_2024_47070_rules_that_cannot_be_read_close_the_app(world: GateWorld):
    visitor = await let_in(world)

    for settings in ({"rules": [{"path": "/admin/*"}]}, {"rules": "none"}, {"rule": []}):
        world.change("patrol", settings=settings)
        await world.revocations.stale_realm("workers")
        assert (await visitor.ask("/tasks")).status_code == 403


@pytest.mark.parametrize("host", ["PATROL.test", "Patrol.Test", "patrol.test:443"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_cve_2026_48794_a_host_in_capitals_is_under_the_same_rules(
    world: GateWorld, dialect: str, host: str
):
    visitor = await let_in(world)

    for path, status in (("/admin/a", 403), ("/tasks", 200)):
        request = asked(SITE.replace(HOST, host), path, "GET", dialect)
        assert (await send(visitor, request)).status_code == status


@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.test", "https://patrol.test.evil.test", "https://xpatrol.test", "https://"),
        *(
            "http://patrol.test",
            "ftp://patrol.test",
            "https://patrol.test:8443",
            "https://user@patrol.test",
        ),
        *("https://patrol.test@evil.test", "https://patrol.test:443:443", "https://patrol.test."),
        *(
            "https://patrol.test:",
            "https://patrol.test:0443",
            "https://[::1]",
            "https://patrol.test\\x",
        ),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_host_that_nobody_registered_is_refused_and_never_sent_to_sign_in(
    world: GateWorld, dialect: str, url: str
):
    visitor = await let_in(world)

    answer = await send(visitor, asked(url, "/", "GET", dialect))

    assert (answer.status_code, answer.headers.get("location")) == (403, None)


@pytest.mark.parametrize("path", MALFORMED_PATHS)
def test_cve_2026_0976_a_path_that_can_be_read_in_two_ways_is_refused(path: str):
    with pytest.raises(Malformed):
        path_of(path.encode())


@pytest.mark.parametrize("path", PLAIN_PATHS)
def test_a_plain_path_is_taken_as_it_is(path: str):
    assert path_of(path.encode())


async def test_cve_2026_0976_no_other_spelling_gets_past_a_rule(world: GateWorld):
    visitor = await let_in(world)

    for dialect in ("nginx", "caddy"):
        for path in (*MALFORMED_PATHS, "/ADMIN/a", "/Admin", "/aDMIN/"):
            method, url, headers = asked(SITE, "", "GET", dialect)
            spelt = [
                (n, v + path if n in ("x-original-url", "x-forwarded-uri") else v)
                for n, v in headers
            ]
            request = visitor.http.build_request(method, url)
            request.headers = httpx.Headers(
                [(n.encode(), v.encode()) for n, v in [*spelt, ("cookie", visitor.cookie)]]
            )
            assert (await visitor.http.send(request)).status_code == 403, path


@pytest.mark.parametrize(
    "method", ["get", "G", "GET ", "GET\t", "GET,POST", "*", "x" * 40, "PO.ST"]
)
async def test_a_method_that_is_none_gets_past_no_rule(world: GateWorld, method: str):
    visitor = await let_in(world)
    headers = [("x-original-url", f"{SITE}/reports"), ("x-original-method", method)]

    assert (await send(visitor, ("GET", "/forward-auth/nginx", headers))).status_code == 403


async def test_a_rule_about_get_is_about_head_too(world: GateWorld):
    rules = [{"paths": ["/admin/*"], "methods": ["GET"], "roles": ["organiser"]}]
    world.change("patrol", settings={"rules": rules})
    visitor = await let_in(world)

    assert (await visitor.ask("/admin/a", method="HEAD")).status_code == 403


async def test_a_slash_at_the_end_gets_past_no_rule(world: GateWorld):
    rules = [{"paths": ["/admin", "/people/"], "roles": ["organiser"]}]
    world.change("patrol", settings={"rules": rules})
    visitor = await let_in(world)

    for path in ("/admin", "/admin/", "/people", "/people/"):
        assert (await visitor.ask(path)).status_code == 403, path
    assert (await visitor.ask("/admin/a")).status_code == 200


async def test_ghsa_qvp4_what_is_kept_for_one_question_answers_no_other(world: GateWorld):
    """Path, method, host, session, app, level: each of them alone changes the answer."""
    visitor = await let_in(world)
    elsewhere = world.at("https://other.test")
    elsewhere.cookies = visitor.cookies

    # The first time it is worked out, the second it is known.
    for _ in range(2):
        assert (await visitor.ask("/reports")).status_code == 200
        assert (await visitor.ask("/reports", method="POST")).status_code == 403
        assert (await visitor.ask("/admin/a")).status_code == 403
        assert (await visitor.ask("/secret/a")).status_code == 401
        assert (await elsewhere.ask("/reports")).status_code == 401
        assert (await visitor.ask("/reports", cookie="")).status_code == 401


async def test_a_session_of_one_app_is_none_of_another(world: GateWorld):
    visitor, other = await let_in(world), world.at("https://other.test")
    other.cookies = visitor.cookies

    assert (await other.ask()).status_code == 401
    # And the attempt cost the person nothing.
    assert (await visitor.ask()).status_code == 200


async def test_a_signed_header_is_for_this_app_only_and_of_a_kind_of_its_own(world: GateWorld):
    visitor = await let_in(world)
    value = (await visitor.ask()).headers["x-bridge-identity"]

    claims = jwt.decode(value, options={"verify_signature": False})
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "patrol", "chen")
    assert claims["exp"] - claims["iat"] == 60
    assert jwt.get_unverified_header(value)["typ"] == "idpb-identity+jwt"
    assert "sid" not in claims


async def test_a_signed_header_is_renewed_before_it_expires_and_not_for_every_request(
    world: GateWorld,
):
    visitor = await let_in(world)
    seen = set()

    for _ in range(60):
        await world.later(1)
        value = (await visitor.ask()).headers["x-bridge-identity"]
        claims = jwt.decode(value, options={"verify_signature": False})
        assert claims["exp"] - world.clock().timestamp() >= 15
        seen.add(value)
    assert 2 <= len(seen) <= 6


async def test_nobody_is_sent_anywhere_but_to_the_apps_own_host(world: GateWorld):
    visitor = world.at()

    for way in (*corpus("foreign"), *corpus("flawed")):
        answer = await visitor.http.get(
            "/.idp-bridge/sign-in",
            params={"to": way},
            headers=PAGE | {"host": HOST, "x-forwarded-proto": "https"},
        )
        # Only a path is a way back, and every browser takes it for one.
        on_this_host = way.startswith("/") and urljoin(SITE, way) == SITE + way
        assert answer.status_code == 403 or on_this_host, way


@pytest.mark.parametrize(
    "way",
    ["//evil.test", "/\\evil.test", "/a//b", "/%2f/evil.test", "/a#b", "/a?b#c", "/a?b\\c", ""],
)
async def test_a_way_back_that_browsers_may_read_as_another_host_is_refused(
    world: GateWorld, way: str
):
    for page in ("sign-in", "lost"):
        answer = await world.at().http.get(
            f"/.idp-bridge/{page}",
            params={"to": way},
            headers=PAGE | {"host": HOST, "x-forwarded-proto": "https"},
        )
        assert answer.status_code == 403


async def test_a_sign_in_that_another_browser_began_is_not_finished(world: GateWorld):
    attacker, victim = world.at(), world.at()
    sent = await attacker.open("/.idp-bridge/sign-in?to=/")
    callback = sent.headers["location"].removeprefix(SITE)

    answer = await victim.open(callback)

    assert answer.status_code == 400
    assert COOKIE not in victim.cookies


async def test_an_answer_with_a_parameter_twice_is_refused(world: GateWorld):
    visitor = world.at()
    sent = await visitor.open("/.idp-bridge/sign-in?to=/")
    callback = sent.headers["location"].removeprefix(SITE)

    assert (await visitor.open(f"{callback}&code=other")).status_code == 400


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/forward-auth/", "/forward-auth/apache", "/forward-auth/envoy", "/x"]
)
async def test_no_other_address_of_the_listener_says_200(world: GateWorld, path: str):
    visitor = await let_in(world)

    answer = await send(visitor, ("GET", path, [("host", HOST), ("x-forwarded-proto", "https")]))

    assert answer.status_code == 403


@pytest.mark.parametrize("realm", ["workers", "residents"])
async def test_an_origin_that_two_apps_claim_is_neithers(world: GateWorld, realm: str):
    visitor = await let_in(world)
    callback = f"{SITE}/.idp-bridge/callback"
    claiming = app("claiming", "冒充", "Claiming", "work", realm=realm, protocol="forward-auth")
    world.apps.apps = (*world.apps.apps, replace(claiming, redirect_uris=(callback,)))
    await world.revocations.stale_realm(realm)

    assert (await visitor.ask()).status_code == 403


async def test_a_wildcard_among_redirect_uris_registers_no_host(world: GateWorld):
    world.change("other", redirect_uris=("https://*/.idp-bridge/callback", "https://new.test/*"))
    await world.revocations.stale_realm("workers")

    for url in ("https://new.test", "https://any.test", "https://*"):
        assert (await send(world.at(), asked(url, "/", "GET", "nginx"))).status_code == 403
