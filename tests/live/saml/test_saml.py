"""An app behind Apache's mod_auth_mellon: SAML by Keycloak, set up from the manifest alone."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.live.portal_visits import Administrator, person_of
from tests.waiting import within

Stack = dict[str, Any]
MEDIATOR = "zhengkai"
STRANGER = "wumin"
IN_FORCE = 3


@pytest.fixture(scope="module")
def app(stack: Stack) -> str:
    [found] = [app for app in stack["apps"] if app["id"] == "dispute-resolution"]
    return str(found["url"]).rstrip("/")


def enter(page: Page, stack: Stack, app: str, username: str) -> None:
    """From the app's own address, with a password at Keycloak."""
    page.goto(f"{app}/")
    page.locator("#username").fill(username)
    if not page.locator("#password").is_visible():
        page.locator("[type=submit]").first.click()
    page.locator("#password").fill(person_of(stack, username)["password"])
    page.locator("#kc-login").click()
    page.wait_for_url(lambda url: url.startswith(f"{app}/"))


def whoami(page: Page, app: str) -> tuple[int, dict[str, Any]]:
    """A redirect to Keycloak is no answer of the app's."""
    answer = page.context.request.get(f"{app}/whoami", max_redirects=0)
    return answer.status, answer.json() if answer.status == 200 else {}


def test_a_mediator_enters_with_the_mapped_role_and_exactly_the_released_claims(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    page = context.new_page()
    enter(page, stack, app, MEDIATOR)

    status, who = whoami(page, app)

    assert status == 200
    assert (who["name"], who["roles"]) == (person_of(stack, MEDIATOR)["name"], ["mediator"])
    assert who["posts"] == [{"role": "legal-adviser", "org": "/baoan/xixiang/gongle"}]
    assert "共乐社区 12网格" in page.locator("main").inner_text()
    assert "海旺" not in page.locator("main").inner_text()


def test_what_only_a_mediator_may_do_is_done_and_undone(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    page = context.new_page()
    enter(page, stack, app, MEDIATOR)
    page.get_by_role("button", name="我来调解").first.click()
    page.get_by_role("button", name="退回").first.wait_for()
    while page.get_by_role("button", name="退回").count() > 1:
        page.get_by_role("button", name="退回").first.click()
    page.get_by_role("button", name="退回").first.click()
    page.get_by_role("button", name="我来调解").first.wait_for()


def test_somebody_without_a_role_gets_a_page_that_says_so(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    page = context.new_page()
    enter(page, stack, app, STRANGER)

    assert whoami(page, app)[0] == 403
    assert "您目前不能进入本应用" in page.locator("main").inner_text()


def test_headers_of_a_browsers_own_making_are_replaced(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    page = context.new_page()
    enter(page, stack, app, STRANGER)

    forged = {
        "X-Saml-User": "u",
        "X-Saml-Roles": "mediator",
        "X-Saml-Name": "x",
        "X_Saml_Roles": "mediator",
    }
    answer = page.context.request.get(f"{app}/whoami", headers=forged, max_redirects=0)

    assert answer.status == 403


def test_signing_out_at_the_app_ends_the_session_at_keycloak(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    page = context.new_page()
    enter(page, stack, app, MEDIATOR)

    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{app}/signed-out*")

    assert whoami(page, app)[0] in (302, 303)
    page.goto(f"{app}/")
    assert page.locator("#username").is_visible()


def test_a_session_ended_in_the_console_is_over_in_the_app(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    page, admin = context.new_page(), Administrator(stack, "workers")
    enter(page, stack, app, MEDIATOR)
    assert whoami(page, app)[0] == 200

    admin.sign_out(MEDIATOR)

    assert within(IN_FORCE, lambda: whoami(page, app)[0] != 200)


def test_an_app_suspended_in_the_console_is_over_for_those_inside(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    page, admin = context.new_page(), Administrator(stack, "workers")
    enter(page, stack, app, MEDIATOR)

    admin.suspend("dispute-resolution", enabled=False)
    try:
        assert within(IN_FORCE, lambda: whoami(page, app)[0] != 200)
        page.goto(f"{app}/")
        assert not page.locator("#username").is_visible()
    finally:
        admin.suspend("dispute-resolution", enabled=True)
    enter(context.new_page(), stack, app, MEDIATOR)


def test_a_post_that_is_taken_away_is_followed(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    page, admin = context.new_page(), Administrator(stack, "workers")
    post = "/baoan/xixiang/gongle/legal-adviser"
    enter(page, stack, app, MEDIATOR)

    admin.leave(MEDIATOR, post)
    try:
        assert within(IN_FORCE, lambda: whoami(page, app)[0] != 200)
    finally:
        admin.join(MEDIATOR, post)


def test_a_request_that_the_app_did_not_sign_is_refused(
    stack: Stack, context: BrowserContext, app: str
) -> None:
    """Whoever can forge requests could choose where the assertion goes or how it is made."""
    page = context.new_page()
    login = page.context.request.get(f"{app}/", max_redirects=0).headers["location"]
    sent = page.context.request.get(login, max_redirects=0).headers["location"]
    unsigned = sent.partition("&SigAlg=")[0]
    assert unsigned != sent

    page.goto(unsigned)

    assert not page.locator("#username").is_visible()
