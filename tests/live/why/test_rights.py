"""Why, what-if and requests against the real Keycloak: what is said is what then happens."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.live.portal_visits import Stack, sign_in
from tests.live.why.conftest import NewBrowser
from tests.live.why.people import Ask, Console, session_is_over
from tests.waiting import within

POST = "/baoan/xinan/haiwang/grid-03/grid-worker"
# It stays at Keycloak: deleting a realm role ends everybody's sessions.
FORETOLD = "foretold-by-a-test"


@pytest.fixture
def wumin(console: Console) -> str:
    """Somebody without a role in the app, as the other tests expect."""
    for role in console.app_roles("wumin", "grid-service"):
        console.take_app_role("wumin", "grid-service", role)
    return "wumin"


def test_why_names_every_link_its_maker_and_what_is_missing_once_it_is_gone(
    console: Console, ask: Ask
) -> None:
    began = datetime.now(UTC) - timedelta(seconds=2)
    console.join("zhengkai", POST)
    [granted] = ask("why", "zhengkai", "grid-service")
    console.leave("zhengkai", POST)
    [gone] = ask("why", "zhengkai", "grid-service")

    [way] = granted["chain"]["ways"]
    assert [link["step"]["joint"] for link in way] == ["member", "group_role", "composite"]
    assert way[0]["step"]["held"] == POST
    assert way[0]["touched"]["realm"] == "master"
    assert datetime.fromisoformat(way[0]["touched"]["at"]) > began
    assert all(link["touched"] for link in way)
    assert granted["verdict"] != "refused"
    assert (gone["verdict"], gone["lacks"]) == ("refused", ["no_role"])
    assert "grid-worker" in gone["chain"]["givers"]
    assert POST in gone["chain"]["giving_groups"]


def test_a_role_from_ldap_is_told_as_one_that_nobody_can_be_named_for(ask: Ask) -> None:
    [told] = ask("why", "zhaolei", "house-codes")

    first = {way[0]["step"]["joint"]: way[0] for way in told["chain"]["ways"]}
    assert first["person_role"]["untold"]
    assert first["person_role"]["touched"] is None
    assert not first["member"]["untold"]


def test_what_if_foretells_who_gains_and_loses_and_then_it_is_so(
    console: Console, ask: Ask, wumin: str
) -> None:
    console.make_role(FORETOLD)
    console.give(wumin, FORETOLD)
    mapping = (FORETOLD, "grid-service/observer")

    [gain] = ask("what-if", "--map", *mapping)
    assert console.app_roles(wumin, "grid-service") == set()
    console.carry(FORETOLD, "grid-service", "observer")
    assert console.app_roles(wumin, "grid-service") == {"observer"}
    [loss] = ask("what-if", "--unmap", *mapping)
    [taken] = ask("what-if", "--take", FORETOLD, wumin)
    console.carry(FORETOLD, "grid-service", "observer", carries=False)
    console.take(wumin, FORETOLD)

    assert (gain["app"], gain["gains"], gain["losses"]) == ("grid-service", [wumin], [])
    assert (loss["gains"], loss["losses"]) == ([], [wumin])
    assert taken["losses"] == [wumin]
    assert console.app_roles(wumin, "grid-service") == set()


def test_a_request_is_granted_by_the_owner_and_its_role_ends_by_itself(
    stack: Stack, browser: NewBrowser, console: Console, wumin: str
) -> None:
    portal = stack["urls"]["worker_portal"]
    asking, owning = browser().new_page(), browser().new_page()
    sign_in(asking, stack, portal, wumin)
    sign_in(owning, stack, portal, "sunli")
    asking.get_by_role("link", name="申请系统").click()
    asking.get_by_label("系统").select_option("grid-service")
    asking.get_by_label("理由").fill("新调入共乐社区")
    asking.get_by_role("button", name="提交申请").click()
    expect(asking.get_by_role("status")).to_contain_text("已提交")

    owning.goto(f"{portal}/decisions")
    expect(owning.get_by_text("新调入共乐社区")).to_be_visible()
    ends = datetime.now(UTC) + timedelta(seconds=12)
    _approve(owning, portal, until=ends)

    assert within(2, lambda: "网格服务管理" in _tiles(asking, portal))
    cookies = asking.context.cookies(portal)
    assert not session_is_over(portal, cookies)
    time_left = (ends - datetime.now(UTC)).total_seconds()
    assert within(time_left + 2, lambda: session_is_over(portal, cookies))
    assert datetime.now(UTC) >= ends
    assert console.app_roles(wumin, "grid-service") == set()


def test_what_is_changed_on_the_admin_page_is_in_force_and_leaves_the_rest_alone(
    stack: Stack, browser: NewBrowser, console: Console
) -> None:
    before = console.client("grid-service")
    declared = before["attributes"].pop("bridge.contact", "")
    admin = browser().new_page()
    sign_in(admin, stack, stack["urls"]["admin"], "adminlin")
    admin.get_by_role("link", name="系统", exact=True).click()
    admin.get_by_role("link", name="修改 网格服务管理").click()

    _save_contact(admin, "共乐社区服务台")
    after = console.client("grid-service")
    assert after["attributes"].pop("bridge.contact") == "共乐社区服务台"
    assert after == before
    assert within(2, lambda: _contact(admin) == "共乐社区服务台")

    _save_contact(admin, declared)
    assert console.client("grid-service")["attributes"].get("bridge.contact", "") == declared


def _save_contact(admin: Page, contact: str) -> None:
    admin.get_by_label("联系方式").fill(contact)
    admin.get_by_role("button", name="保存").click()
    expect(admin.get_by_role("status")).to_contain_text("已保存")
    # Gone with the next page, so that the next saving is told from this one.
    admin.goto(admin.url.replace("&done=1", ""))


def _approve(page: Page, portal: str, *, until: datetime) -> None:
    """As the form does, with an end to the second."""
    csrf = page.locator("meta[name=csrf]").get_attribute("content")
    card = page.locator("li.card", has_text="新调入共乐社区")
    answer = page.request.post(
        f"{portal}/decisions/approve",
        form={
            "csrf": csrf or "",
            "id": card.locator("[name=id]").first.input_value(),
            "role": "observer",
            "until": until.isoformat(),
        },
        headers={"origin": portal, "sec-fetch-site": "same-origin"},
    )
    assert answer.ok, answer.text()


def _tiles(page: Page, portal: str) -> str:
    page.goto(f"{portal}/")
    return " ".join(page.locator("a.tile").all_inner_texts())


def _contact(page: Page) -> str:
    page.reload()
    return page.get_by_label("联系方式").input_value()
