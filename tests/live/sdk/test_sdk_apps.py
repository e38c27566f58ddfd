"""The apps on our SDKs, on the real stack: two realms, posts, and both ways out."""

import httpx
from playwright.sync_api import Browser, BrowserContext

from tests.live.test_example_apps import Console, Stack, app_url, sign_in, whoami
from tests.waiting import within

GRID_13 = "/baoan/xixiang/gongle/grid-13"
COUNSELLOR, RESIDENT, ADVISER = "chenjing", "lina", "zhengkai"


def test_a_resident_books_and_the_counsellor_of_that_unit_confirms(
    stack: Stack, context: BrowserContext, chromium: Browser
):
    url, elsewhere = app_url(stack, "counselling"), chromium.new_context(locale="zh-CN")
    resident, worker = context.new_page(), elsewhere.new_page()
    sign_in(resident, stack, f"{url}/login/residents", RESIDENT)
    hour = resident.locator("li", has=resident.get_by_role("button", name="预约", exact=True))
    when = hour.filter(has_text="13网格").first.locator("h3").inner_text()
    hour.filter(has_text="13网格").first.get_by_role("button").click()
    resident.get_by_text("等待确认").wait_for()

    sign_in(worker, stack, f"{url}/login/workers", COUNSELLOR)
    booking = worker.locator("li", has_text="李娜").filter(has_text=when)
    booking.get_by_role("button", name="确认预约").click()
    booking.get_by_text("已确认").wait_for()

    resident.reload()
    mine = resident.locator("li", has_text=when)
    assert "咨询师：陈静" in mine.inner_text()
    mine.get_by_role("button", name="取消预约").click()
    resident.get_by_text("还没有预约").wait_for()
    elsewhere.close()


def test_an_app_of_both_realms_knows_two_people_and_merges_nothing(
    stack: Stack, context: BrowserContext
):
    url = app_url(stack, "mediation")
    page = context.new_page()
    page.goto(url)
    assert page.get_by_role("link", name="我是居民").is_visible()

    sign_in(page, stack, f"{url}/login/residents", RESIDENT)
    resident = whoami(page, url)[1]
    sign_in(page, stack, f"{url}/login/workers", ADVISER)
    worker = whoami(page, url)[1]

    assert (resident["roles"], worker["roles"]) == (["party"], ["adviser"])
    assert resident["issuer"].endswith("/residents")
    assert worker["issuer"].endswith("/workers")
    assert "我提出的调解" not in page.content()


def test_signing_out_of_one_sdk_app_ends_the_other_at_once(stack: Stack, context: BrowserContext):
    booking, mediation = app_url(stack, "counselling"), app_url(stack, "mediation")
    page = context.new_page()
    sign_in(page, stack, f"{booking}/login/workers", COUNSELLOR)
    page.goto(f"{mediation}/login/workers")
    assert whoami(page, mediation)[1]["roles"] == ["mediator"]

    page.goto(booking)
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{booking}/signed-out*")

    assert whoami(page, booking)[0] == 401
    assert within(1, lambda: whoami(page, mediation)[0] == 401)


def test_a_post_taken_in_the_console_is_followed_within_two_seconds(
    stack: Stack, context: BrowserContext
):
    url, console = app_url(stack, "counselling"), Console(stack)
    person = console.person("workers", COUNSELLOR)
    post = console.post("workers", f"{GRID_13}/counsellor")
    page = context.new_page()
    sign_in(page, stack, f"{url}/login/workers", COUNSELLOR)

    console.leave("workers", person, post)
    try:
        assert within(3, lambda: whoami(page, url)[0] in (401, 403))
    finally:
        console.join("workers", person, post)


def test_a_logout_token_that_keycloak_did_not_sign_ends_nothing(
    stack: Stack, context: BrowserContext
):
    url = app_url(stack, "mediation")
    page = context.new_page()
    sign_in(page, stack, f"{url}/login/workers", ADVISER)

    answer = httpx.post(f"{url}/backchannel-logout", data={"logout_token": "a.b.c"})

    assert answer.status_code == 400
    assert whoami(page, url)[0] == 200
