"""Reports, doorplates and dispatch on the real stack: residents, police, and a machine."""

import re
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.live.test_example_apps import RESIDENT, Console, Stack, app_url, sign_in, whoami

GRID_12 = "/baoan/xixiang/gongle/grid-12"


@pytest.fixture
def second(chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody else's browser."""
    found = chromium.new_context(locale="zh-CN")
    yield found
    found.close()


def card(page: Page, text: str) -> Any:
    return page.locator("li.card", has_text=text)


def test_a_resident_follows_what_the_grid_worker_does_about_their_report(
    stack: Stack, context: BrowserContext, second: BrowserContext
):
    reports, text = app_url(stack, "reports"), f"共乐路 18 号门前路灯不亮 {token_hex(4)}"
    mine, theirs = context.new_page(), second.new_page()
    sign_in(mine, stack, f"{reports}/login/residents", RESIDENT)
    mine.get_by_label("情况说明").fill(text)
    mine.get_by_role("button", name="实名报告").click()
    assert "已收到" in card(mine, text).inner_text()

    sign_in(theirs, stack, f"{reports}/login/workers", "chenjing")
    seen = card(theirs, text)
    assert "居民署名" in seen.inner_text()
    assert "李娜" not in theirs.content()
    seen.get_by_role("button", name="受理").click()
    card(theirs, text).get_by_label("处理结果").fill("路灯已修好")
    card(theirs, text).get_by_role("button", name="办结").click()

    mine.reload()
    assert "路灯已修好" in card(mine, text).inner_text()
    told = whoami(mine, reports)[1]
    assert told["subject"] != Console(stack).person("residents", RESIDENT)
    assert told["posts"] == []


def test_the_police_of_the_community_correct_its_doorplates_and_residents_never(
    stack: Stack, context: BrowserContext, second: BrowserContext
):
    plates = app_url(stack, "doorplates")
    officer, resident = context.new_page(), second.new_page()
    sign_in(officer, stack, f"{plates}/login/workers", "zhaolei")
    mine = card(officer, "4403060070120002")
    mine.get_by_label("现场状况").select_option("good")
    mine.get_by_role("button", name="更正").click()

    assert "最近更正：赵磊" in card(officer, "4403060070120002").inner_text()
    assert "由所在地民警管理" in card(officer, "4403060110030001").inner_text()
    sign_in(resident, stack, f"{plates}/login/residents", RESIDENT)
    assert "共乐派出所" in card(resident, "4403060070120002").inner_text()
    assert "更正" not in resident.locator("main").inner_text()


def machine_token(stack: Stack) -> str:
    issuer = stack["realms"]["workers"]["issuer"]
    answer = httpx.post(
        f"{issuer}/protocol/openid-connect/token",
        data={"grant_type": "client_credentials"},
        auth=("city-dispatch", Console(stack).client_secret("workers", "city-dispatch")),
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def test_the_city_platform_files_within_its_street_and_a_dispatcher_assigns(
    stack: Stack, context: BrowserContext, second: BrowserContext
):
    dispatch = app_url(stack, "dispatch")
    bearer = {"authorization": f"Bearer {machine_token(stack)}"}
    filing = {"reference": "live", "class": "B02", "org": GRID_12, "text": "市平台上报的垃圾点"}

    def file(**changes: str) -> int:
        api = f"{dispatch}/api/events"
        return httpx.post(api, json={**filing, **changes}, headers=bearer).status_code

    assert file() in (200, 201)
    assert file() == 200
    assert file(reference="far", org="/baoan/xinan/haiwang/grid-03") == 403

    page = context.new_page()
    sign_in(page, stack, f"{dispatch}/login/workers", "sunli")
    card(page, "市平台上报").get_by_label("处置力量").select_option("cleaning")
    card(page, "市平台上报").get_by_role("button", name=re.compile("分拨|改派")).click()
    assert "调度员：孙丽" in card(page, "市平台上报").inner_text()

    leader = second.new_page()
    sign_in(leader, stack, f"{dispatch}/login/workers", "huangbo")
    assert "共乐社区 12网格" in leader.locator("ul.cards").inner_text()
    assert "海旺" not in leader.locator("main").inner_text()
    assert "市平台上报" not in leader.locator("main").inner_text()
