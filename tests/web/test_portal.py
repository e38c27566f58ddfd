"""The portals show exactly what may be entered, and every place signed in to."""

from datetime import timedelta

import pytest

from idp_bridge.core.accounts import KeycloakSession
from idp_bridge.core.sign_ins import SignIn
from tests.fakes import START
from tests.web.portal_world import Person, PortalBrowser, PortalWorld, app


@pytest.fixture
async def portal() -> PortalWorld:
    world = PortalWorld()
    world.keycloak.person.apps = {"legal-aid": ["applicant"], "grid-service": ["handler"]}
    await world.heard()
    return world


async def signed_in(world: PortalWorld) -> PortalBrowser:
    browser = world.browser()
    await browser.sign_in()
    return browser


async def test_signed_out_the_portal_says_what_it_is(portal):
    page = await portal.browser().get("/")

    assert page.status_code == 200
    assert 'href="/login?next=/"' in page.text
    assert "法律援助</span>" not in page.text


async def test_a_resident_sees_the_apps_of_the_roles_held_and_no_other(portal):
    page = (await (await signed_in(portal)).get("/")).text

    assert "您好，张伟" in page
    assert "https://legal-aid.test/" in page
    assert "https://house-codes.test/" not in page
    assert "https://grid-service.test/" not in page


async def test_a_suspended_app_has_no_tile(portal):
    portal.apps.apps = (app("legal-aid", "法律援助", "Legal aid", "find-a-service", enabled=False),)

    assert "https://legal-aid.test/" not in (await (await signed_in(portal)).get("/")).text


async def test_a_role_given_or_taken_changes_the_tiles_at_the_next_look(portal):
    browser = await signed_in(portal)
    portal.keycloak.person.apps = {"house-codes": ["lookup"]}
    await portal.later(1)
    await portal.revocations.stale_account("residents", "zhang")

    page = (await browser.get("/")).text

    assert "https://house-codes.test/" in page
    assert "https://legal-aid.test/" not in page


async def test_names_of_people_and_apps_are_shown_as_text(portal):
    portal.keycloak.person.name = '<img src=x onerror="alert(1)">'
    portal.apps.apps = (app("legal-aid", "<b>援助</b>", "<b>Aid</b>", "find-a-service"),)

    page = (await (await signed_in(portal)).get("/")).text

    assert "<img src=x" not in page
    assert "<b>援助</b>" not in page


async def test_the_portal_speaks_english_when_asked(portal):
    page = (await (await signed_in(portal)).get("/?lang=en")).text

    assert "Hello, 张伟" in page
    assert "Legal aid" in page


async def test_an_app_without_a_known_group_or_icon_still_has_a_tile(portal):
    portal.apps.apps = (app("legal-aid", "援助", "Aid", "no-such-group", icon="no-such-icon"),)

    page = (await (await signed_in(portal)).get("/")).text

    assert "其他" in page
    assert "#app" in page


@pytest.fixture
async def work() -> PortalWorld:
    world = PortalWorld("worker", "workers")
    world.apps.apps = (
        app(
            "grid-service",
            "网格服务管理",
            "Grid service",
            "work",
            realm="workers",
            role_names={"handler": {"zh": "网格处置员", "en": "Grid handler"}},
        ),
    )
    world.keycloak.person = Person(
        "lin",
        "林晓燕",
        ["grid-worker"],
        {"grid-service": ["handler"]},
        ["/baoan/xixiang/grid-worker"],
    )
    await world.heard()
    return world


async def test_a_worker_sees_posts_by_role_and_unit_and_the_role_in_each_app(work):
    page = (await (await signed_in(work)).get("/")).text

    assert "网格员 · 西乡街道" in page
    assert "网格处置员" in page


async def test_only_an_administrator_finds_the_admin_pages(work):
    assert "https://admin.test" not in (await (await signed_in(work)).get("/")).text

    work.keycloak.person.roles.append("bridge-admin")
    assert "https://admin.test" in (await (await signed_in(work)).get("/")).text


def _session(sid: str, *clients: str, bridge_sid: str = "") -> KeycloakSession:
    return KeycloakSession(
        sid, START - timedelta(hours=1), START, "10.0.0.0/24", clients, bridge_sid
    )


def _qr_sign_in(world: PortalWorld, sid: str, **more: str) -> None:
    facts = {"browser": "Chrome", "system": "Windows", "city": "深圳", "kiosk": ""} | more
    world.sign_in_records.rows["residents", sid] = SignIn(
        sid, "residents", "zhang", START, network="10.0.0.0/24", device="d", **facts
    )


async def test_every_place_is_listed_with_what_is_known_about_it(portal):
    _qr_sign_in(portal, "op-2")
    portal.accounts.live["residents", "zhang"] = (
        _session("kc-session-1", "resident-portal"),
        _session("kc-2", "resident-portal", "legal-aid", bridge_sid="op-2"),
    )

    page = (await (await signed_in(portal)).get("/sessions")).text

    assert "Chrome · Windows" in page
    assert "深圳 · 10.0.0.0/24" in page
    assert "居民门户、法律援助" in page or "法律援助、居民门户" in page
    assert page.count("当前设备</span>") == 1


async def test_ending_a_place_ends_it_at_the_bridge_at_the_op_and_at_keycloak(portal):
    _qr_sign_in(portal, "op-2")
    portal.accounts.live["residents", "zhang"] = (_session("kc-2", bridge_sid="op-2"),)
    browser = await signed_in(portal)

    done = await browser.post("/sessions/end", id="kc-2", csrf=await browser.csrf())

    assert done.headers["location"] == "/sessions?done=1"
    assert portal.accounts.ended == [("residents", "kc-2")]
    assert portal.op_logout.ended == [("residents", "op-2")]
    assert await portal.store.get("ended:residents:sid:kc-2") is not None


async def test_nobody_ends_a_session_of_somebody_else(portal):
    portal.accounts.live["residents", "wang"] = (_session("kc-of-wang"),)
    browser = await signed_in(portal)

    refused = await browser.post("/sessions/end", id="kc-of-wang", csrf=await browser.csrf())

    assert refused.status_code == 404
    assert portal.accounts.ended == []


async def test_ending_all_others_keeps_this_place(portal):
    portal.accounts.live["residents", "zhang"] = (
        _session("kc-session-1"),
        _session("kc-2"),
        _session("kc-3"),
    )
    browser = await signed_in(portal)

    await browser.post("/sessions/end-others", csrf=await browser.csrf())

    assert portal.accounts.ended == [("residents", "kc-2"), ("residents", "kc-3")]
    assert (await browser.get("/sessions")).status_code == 200


async def test_a_chinese_name_is_family_name_first_without_a_space(portal):
    portal.keycloak.person.name = "伟 张"
    portal.keycloak.person.more = {"given_name": "伟", "family_name": "张"}

    assert "您好，张伟" in (await (await signed_in(portal)).get("/")).text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", "//evil.test"])
async def test_an_app_whose_address_is_no_web_page_has_no_tile(portal, url):
    portal.apps.apps = (app("legal-aid", "法律援助", "Legal aid", "find-a-service", url=url),)

    assert 'class="tile"' not in (await (await signed_in(portal)).get("/")).text
