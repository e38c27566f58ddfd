"""The portals and admin pages on the real stack: tiles follow the console, sign-out reaches all."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.live.portal_visits import Administrator, Stack, sign_in
from tests.waiting import within

GRID_WORKER = "liuyang"
STAFF_POST = "/baoan/xixiang/gongle/staff"


def tiles(page: Page) -> dict[str, str]:
    """App names with the roles shown under them, as they are right now."""
    page.reload()
    found = page.locator("a.tile").all_inner_texts()
    return {name: note for name, _, note in (text.strip().partition("\n") for text in found)}


def test_a_worker_finds_exactly_the_apps_of_the_roles_held(
    stack: Stack, browser: Callable[[], BrowserContext]
):
    page = browser().new_page()

    sign_in(page, stack, stack["urls"]["worker_portal"], GRID_WORKER)

    assert {name: note.strip() for name, note in tiles(page).items()} == {
        "网格服务管理": "网格处置员",
        "房屋编码": "巡查员",
        "微报事": "处置员",
        "志愿巡逻": "巡逻队员",
        "重点人员服务管理": "走访员",
    }
    expect(page.get_by_text("您好，刘洋")).to_be_visible()
    assert Axe().run(page).response["violations"] == []


def test_a_post_given_or_taken_in_the_console_changes_the_tiles_within_two_seconds(
    stack: Stack, browser: Callable[[], BrowserContext]
):
    console = Administrator(stack, "workers")
    page = browser().new_page()
    sign_in(page, stack, stack["urls"]["worker_portal"], GRID_WORKER)

    console.join(GRID_WORKER, STAFF_POST)
    try:
        assert within(2, lambda: "调度员" in tiles(page).get("网格服务管理", ""))
    finally:
        console.leave(GRID_WORKER, STAFF_POST)
    assert within(2, lambda: "调度员" not in tiles(page).get("网格服务管理", ""))


def test_a_suspended_app_leaves_the_portal_within_two_seconds(
    stack: Stack, browser: Callable[[], BrowserContext]
):
    console = Administrator(stack, "residents")
    page = browser().new_page()
    sign_in(page, stack, stack["urls"]["resident_portal"], "wangfang")
    assert "法律援助" in tiles(page)

    console.suspend("legal-aid", enabled=False)
    try:
        assert within(2, lambda: "法律援助" not in tiles(page))
    finally:
        console.suspend("legal-aid", enabled=True)
    assert within(10, lambda: "法律援助" in tiles(page) or "登录" in page.title())


def test_a_resident_ends_another_browser_from_the_list_and_it_is_out(
    stack: Stack, browser: Callable[[], BrowserContext]
):
    portal = stack["urls"]["resident_portal"]
    library, home = browser().new_page(), browser().new_page()
    sign_in(library, stack, portal, "wangfang")
    sign_in(home, stack, portal, "wangfang")
    home.goto(f"{portal}/sessions")

    home.get_by_role("button", name="退出其他所有地方").click()

    expect(home.get_by_role("status")).to_contain_text("已退出")
    assert within(5, lambda: not tiles(library))
    expect(library.get_by_role("link", name="登录", exact=True)).to_be_visible()
    assert tiles_at(home, portal)


def tiles_at(page: Page, portal: str) -> dict[str, str]:
    page.goto(portal)
    return tiles(page)


def test_signing_out_of_the_portal_signs_out_of_the_apps(
    stack: Stack, browser: Callable[[], BrowserContext]
):
    portal = stack["urls"]["resident_portal"]
    context = browser()
    page = context.new_page()
    sign_in(page, stack, portal, "wangfang")
    page.get_by_role("link", name="法律援助").click()
    page.wait_for_load_state()
    aid = page.url.rstrip("/")
    assert context.request.get(f"{aid}/whoami").status == 200

    page.goto(portal)
    page.get_by_role("button", name="退出").click()

    expect(page.get_by_role("heading", name="您已退出")).to_be_visible()
    assert within(5, lambda: context.request.get(f"{aid}/whoami").status == 401)
    page.goto(f"{portal}/sessions")
    assert page.url.startswith((stack["urls"]["op_issuer"], stack["urls"]["keycloak"]))


def test_an_administrator_with_two_factors_sees_that_all_is_well(
    stack: Stack, browser: Callable[[], BrowserContext]
):
    page = browser().new_page()

    sign_in(page, stack, stack["urls"]["admin"], "adminlin")

    expect(page.get_by_role("heading", name="运行概况")).to_be_visible()
    assert page.locator(".check[data-tone=good]").count() == 5
    page.get_by_role("link", name="激活码").click()
    page.get_by_label("居民账号").fill("lina")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_text("李娜", exact=True)).to_be_visible()
    assert Axe().run(page).response["violations"] == []


def test_a_counter_worker_without_a_second_factor_is_led_to_set_one_up(
    stack: Stack, browser: Callable[[], BrowserContext]
):
    page = browser().new_page()
    page.goto(f"{stack['urls']['admin']}/activation")
    [sunli] = [person for person in stack["people"] if person["username"] == "sunli"]

    page.locator("#username").fill("sunli")
    page.locator("#password").fill(sunli["password"])
    page.locator("#kc-login").click()

    expect(page.locator("#totp, #otp")).to_be_visible()


def test_a_session_of_the_worker_portal_opens_no_admin_page(
    stack: Stack, browser: Callable[[], BrowserContext]
):
    context = browser()
    sign_in(context.new_page(), stack, stack["urls"]["worker_portal"], GRID_WORKER)

    refused = context.request.get(
        f"{stack['urls']['admin']}/kiosks", headers={"accept": "application/json"}
    )

    assert refused.status == 401
