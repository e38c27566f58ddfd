"""Journey 1 on the real stack: a phone, a computer, three portals, and every other way in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import (
    BrowserContext,
    Locator,
    Page,
    expect,
)

from tests.live.portal_visits import person_of, sign_in
from tests.waiting import within

Stack = dict[str, Any]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def pc(browser: Callable[..., BrowserContext]) -> Page:
    return browser(viewport={"width": 1440, "height": 900}).new_page()


@pytest.fixture
def phone(stack: Stack, browser: Callable[..., BrowserContext]) -> Page:
    """A new phone of 王芳, registered after a sign-in with the password."""
    page = browser(**PHONE).new_page()
    sign_in(page, stack, stack["urls"]["resident_portal"], "wangfang")
    page.goto(f"{stack['urls']['resident_portal']}/q")
    page.get_by_role("button", name="设为登录手机").click()
    expect(state(page, "scan")).to_be_visible()
    return page


def state(page: Page, name: str) -> Locator:
    return page.locator(f'section[data-state="{name}"]')


def fingerprint(phone: Page) -> None:
    """Give the phone a platform authenticator with a finger on it."""
    control = phone.context.new_cdp_session(phone)
    control.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    control.send("WebAuthn.addVirtualAuthenticator", {"options": kind})


def app_url(stack: Stack, app_id: str) -> str:
    found = {app["url"] for app in stack["apps"] if app["id"] == app_id}
    return re.sub(r"(?<=\d)/.*", "", found.pop())


def arrive(pc: Page, stack: Stack) -> None:
    """Open an app and be sent to the code."""
    pc.goto(f"{app_url(stack, 'legal-aid')}/login")
    pc.wait_for_selector("#code svg")


def scan(phone: Page, pc: Page) -> None:
    code = pc.locator("#code").screenshot()
    phone.goto(phone.url)
    file: Any = {"name": "code.png", "mimeType": "image/png", "buffer": code}
    phone.locator("#picture").set_input_files(file)
    expect(state(phone, "asked")).to_be_visible()


def approve(phone: Page) -> str:
    phone.get_by_role("button", name="同意登录").click()
    expect(state(phone, "digits")).to_be_visible()
    return "".join(phone.locator("#big-digits b").all_inner_texts())


def signed_in(pc: Page, phone: Page, stack: Stack) -> None:
    """The whole way into legal aid."""
    arrive(pc, stack)
    scan(phone, pc)
    pc.locator("#digits").fill(approve(phone))
    pc.wait_for_url(f"{app_url(stack, 'legal-aid')}/**")


def who(pc: Page, url: str) -> int:
    return pc.context.request.get(f"{url}/whoami").status


def test_one_scan_signs_a_computer_in_to_every_portal(stack: Stack, pc: Page, phone: Page):
    signed_in(pc, phone, stack)
    expect(state(phone, "done")).to_be_visible()

    pc.goto(f"{app_url(stack, 'house-codes')}/login/residents")
    assert pc.url.startswith(app_url(stack, "house-codes"))
    pc.goto(f"{stack['urls']['resident_portal']}/login?next=%2F")

    expect(pc.get_by_role("link", name="法律援助")).to_be_visible()
    told = pc.context.request.get(f"{app_url(stack, 'legal-aid')}/whoami").json()
    assert "qr" in str(told)


def test_what_the_phone_declines_signs_nobody_in(stack: Stack, pc: Page, phone: Page):
    arrive(pc, stack)
    scan(phone, pc)

    phone.keyboard.press("Enter")

    expect(state(phone, "denied")).to_be_visible()
    expect(state(pc, "denied")).to_be_visible()
    assert who(pc, app_url(stack, "legal-aid")) == 401


def test_a_session_ended_on_the_phone_is_over_at_the_computer_within_five_seconds(
    stack: Stack, pc: Page, phone: Page
):
    signed_in(pc, phone, stack)
    phone.goto(f"{stack['urls']['resident_portal']}/phone")

    phone.locator("#places").get_by_role("button", name="退出").first.click()

    assert within(5, lambda: who(pc, app_url(stack, "legal-aid")) == 401)
    arrive(pc, stack)
    expect(state(pc, "pending")).to_be_visible()


def test_another_way_in_is_keycloaks_page_in_the_same_sign_in(
    stack: Stack, pc: Page, browser: Callable[..., BrowserContext]
):
    arrive(pc, stack)

    pc.get_by_role("button", name="密码登录").click()
    pc.locator("#username").fill("lina")
    if not pc.locator("#password").is_visible():
        pc.locator("[type=submit]").first.click()
    pc.locator("#password").fill(person_of(stack, "lina")["password"])
    pc.locator("#kc-login").click()

    pc.wait_for_url(f"{app_url(stack, 'legal-aid')}/**")
    assert who(pc, app_url(stack, "legal-aid")) == 200


def test_after_another_way_in_the_back_button_leads_to_no_dead_end(stack: Stack, pc: Page):
    arrive(pc, stack)
    pc.get_by_role("button", name="密码登录").click()
    pc.wait_for_selector("#username")

    pc.go_back()

    expect(pc.locator("h1")).to_contain_text("已失效")
    pc.get_by_role("link", name="去居民门户").click()
    expect(pc.get_by_role("link", name="登录", exact=True)).to_be_visible()


def test_a_code_from_the_counter_leads_to_a_passkey_and_a_registered_phone(
    stack: Stack, browser: Callable[..., BrowserContext]
):
    counter = browser().new_page()
    sign_in(counter, stack, stack["urls"]["admin"], "adminlin")
    counter.goto(f"{stack['urls']['admin']}/activation")
    counter.get_by_label("居民账号").fill("zhangwei")
    counter.get_by_role("button", name="查找").click()
    counter.locator("input[type=checkbox]").check()
    counter.locator("main form button").last.click()
    code = counter.locator(".code-display").inner_text()

    phone = browser(**PHONE).new_page()
    fingerprint(phone)
    portal = stack["urls"]["resident_portal"]
    phone.goto(f"{portal}/login?next=%2Fphone&way=activation#activation={code}")
    expect(phone.get_by_label("激活码")).to_have_value(code)
    phone.get_by_role("button", name="下一步").click()
    phone.on("dialog", lambda dialog: dialog.accept("我的手机"))
    phone.locator("#registerWebAuthn").click()
    phone.wait_for_url(f"{portal}/phone")
    phone.get_by_role("button", name="设为登录手机").click()

    expect(phone.get_by_role("link", name="扫一扫登录")).to_be_visible()


def test_a_sign_in_that_keycloak_forgot_says_so_and_the_next_one_needs_no_code(
    stack: Stack, pc: Page, phone: Page
) -> None:
    arrive(pc, stack)
    for cookie in pc.context.cookies():
        if cookie.get("path", "").startswith("/kc-"):
            pc.context.clear_cookies(name=cookie.get("name"), path=cookie.get("path"))
    scan(phone, pc)
    pc.locator("#digits").fill(approve(phone))

    expect(pc.get_by_role("link", name="回到门户")).to_be_visible()

    pc.goto(f"{app_url(stack, 'legal-aid')}/login")
    assert pc.url.startswith(app_url(stack, "legal-aid"))
