"""The residence code on the real stack: in by a signed ticket, as far as one may, and out.

How soon its sessions end when a role, a person or the app goes is in the matrix of all adapters.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from playwright.sync_api import (
    Page,
    Response,
    Route,
    expect,
)

from tests.live.portal_visits import Stack, sign_in
from tests.waiting import within

OFFICER, OTHER, RESIDENT = "zhaolei", "chenjing", "zhangwei"
PERSONAL = ("赵磊", "%E8%B5%B5", OFFICER, "张伟")


@pytest.fixture
def app(stack: Stack) -> str:
    """The app's own address."""
    url = next(one["url"] for one in stack["apps"] if one["id"] == "residence-code")
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


def enter(page: Page, stack: Stack, app: str, who: str, realm: str = "workers") -> None:
    """Signed in at a portal, and from there into the app."""
    portal = "worker_portal" if realm == "workers" else "resident_portal"
    sign_in(page, stack, stack["urls"][portal], who)
    page.goto(f"{app}/login/{realm}")
    page.wait_for_load_state()


def who_is(page: Page, app: str) -> dict[str, Any]:
    """What the app knows of whoever is there; empty when nobody is."""
    answer = page.request.get(f"{app}/whoami")
    told: dict[str, Any] = answer.json() if answer.ok else {}
    return told


def test_an_officer_enters_without_another_login_and_confirms(stack, browser, app):
    page = browser().new_page()
    seen: list[str] = []
    page.on("response", lambda answer: seen.append(_address(answer)))

    enter(page, stack, app, OFFICER)

    assert page.url == f"{app}/"
    told = who_is(page, app)
    assert (told["name"], told["roles"], told["by"]) == ("赵磊", ["officer"], "ticket")
    assert told["posts"] == [{"role": "police", "org": "/baoan/xixiang/gongle"}]
    assert not [url for url in seen if any(word in url for word in PERSONAL)]
    assert not [url for url in seen if "ticket=" in url]
    confirm = page.get_by_role("button", name="核实并续签")
    if confirm.count():
        confirm.first.click()
    expect(page.get_by_text("已续签")).to_be_visible()


def test_a_resident_enters_under_a_name_of_this_app_only(stack, browser, app):
    page = browser().new_page()
    enter(page, stack, app, RESIDENT, "residents")
    told = who_is(page, app)
    assert (told["name"], told["roles"], told["posts"]) == ("张伟", ["holder"], [])

    legal_aid = next(one["url"] for one in stack["apps"] if one["id"] == "legal-aid")
    page.goto(legal_aid)
    page.wait_for_load_state()
    there = page.request.get(f"{legal_aid.rstrip('/')}/whoami").json()
    assert there["subject"] != told["subject"]


def test_a_worker_without_a_role_is_turned_away_by_the_bridge(stack, browser, app):
    page = browser().new_page()
    enter(page, stack, app, OTHER)
    expect(page.get_by_role("heading", name="您没有此应用的权限")).to_be_visible()
    assert who_is(page, app) == {}


def caught(page: Page, stack: Stack, app: str) -> str:
    """The form that the bridge has the browser post, stopped on its way to the app."""
    found: list[str] = []

    def catch(route: Route) -> None:
        found.append(route.request.post_data or "")
        route.abort()

    page.route(f"{app}/signed-in", catch)
    sign_in(page, stack, stack["urls"]["worker_portal"], OFFICER)
    page.goto(f"{app}/login/workers")
    assert within(5, lambda: bool(page.evaluate("1") and found))
    return found[0]


def test_a_ticket_is_of_no_use_in_another_browser(stack, browser, app):
    """What an attacker caught on its way, or got for himself, signs nobody in."""
    form = caught(browser().new_page(), stack, app)
    headers = {"content-type": "application/x-www-form-urlencoded"}

    answer = httpx.post(f"{app}/signed-in", content=form, headers=headers)

    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


def test_an_app_that_redeems_is_told_the_same_once(stack, browser, app):
    ticket = dict(parse_qsl(caught(browser().new_page(), stack, app)))["ticket"]
    secrets = json.loads((Path(stack["data"]) / "secrets.json").read_text("utf-8"))
    form = {"ticket": ticket, "service": f"{app}/signed-in"}
    redeem = f"{stack['urls']['bridge']}/ticket/redeem"
    assert httpx.post(redeem, data=form, auth=("residence-code", "x" * 43)).status_code == 401
    auth = ("residence-code", secrets["residence_code_secret_workers"])

    first, second = (httpx.post(redeem, data=form, auth=auth) for _ in range(2))

    told = first.json()
    assert (told["name"], told["roles"], told["realm"]) == ("赵磊", ["officer"], "workers")
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")


def test_signing_out_of_the_app_signs_out_everywhere(stack, browser, app):
    page = browser().new_page()
    enter(page, stack, app, OFFICER)

    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{app}/signed-out")

    assert who_is(page, app) == {}
    page.goto(stack["urls"]["worker_portal"])
    expect(page.locator("a.tile")).to_have_count(0)


def _address(answer: Response) -> str:
    return answer.url + answer.headers.get("location", "")
