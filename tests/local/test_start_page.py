"""The start page: two languages, every journey's people, and nobody else's host name."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from idp_bridge.local.pages import LANGUAGES, texts
from idp_bridge.local.plan import Options, Plan, make_plan, values
from idp_bridge.local.start_page import start_app
from idp_bridge.local.status import describe

HOST = "http://localhost:9005"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return make_plan(Options(tmp_path, 9000))


@pytest.fixture
async def page(plan: Plan) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(start_app(plan, lambda: False))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        yield client


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_shows_every_journey_with_who_to_be(
    page: httpx.AsyncClient, plan: Plan, language: str
) -> None:
    shown = (await page.get("/", params={"lang": language})).text
    people = {person["username"]: person for person in describe(plan, ready=True)["people"]}

    for journey in texts(language)["journeys"]:
        assert f'id="{journey["key"]}"' in shown
        assert all(people[name]["password"] in shown for name in journey["who"])


async def test_a_foreign_host_name_sees_no_password(page: httpx.AsyncClient) -> None:
    answer = await page.get("/", headers={"Host": "rebound.example:9005"})

    assert answer.status_code == 400
    assert "password" not in answer.text.lower()


async def test_it_says_whether_the_stack_is_ready(page: httpx.AsyncClient) -> None:
    assert (await page.get("/ready")).json() == {"ready": False}


async def test_it_lets_no_foreign_content_in(page: httpx.AsyncClient) -> None:
    policy = (await page.get("/")).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_the_browsers_language_decides_and_chinese_is_the_default(
    page: httpx.AsyncClient,
) -> None:
    english = await page.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"})
    other = await page.get("/", headers={"Accept-Language": "fr"})

    assert '<html lang="en">' in english.text
    assert '<html lang="zh-CN">' in other.text


async def test_its_look_is_served(page: httpx.AsyncClient) -> None:
    for path in ("/look/bridge.css", "/look/icons.svg", "/static/start.css", "/static/start.js"):
        assert (await page.get(path)).status_code == 200


def test_both_languages_say_the_same_things() -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(inner) for key, inner in value.items()}
        return [shape(inner) for inner in value] if isinstance(value, list) else type(value)

    assert shape(texts("zh")) == shape(texts("en"))


async def test_keycloak_finds_the_sector_document_while_the_bridge_is_not_there_yet(
    page: httpx.AsyncClient, plan: Plan
) -> None:
    asked = values(plan)["sector_url"]

    answer = await page.get(asked.removeprefix("http://127.0.0.1:9005").removeprefix(HOST))

    assert answer.json() == ["https://*", "http://*"]
