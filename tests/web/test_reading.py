"""Language, type size and static files."""

import pytest

from idp_bridge.core.pages import reader_of
from idp_bridge.web.pages import static_url
from idp_bridge.web.requests import path_on_this_origin
from tests.web.portal_world import PortalWorld


@pytest.mark.parametrize(
    ("headers", "cookies", "query", "language"),
    [
        ({}, {}, {}, "zh"),
        ({"accept-language": "en-GB,en;q=0.9"}, {}, {}, "en"),
        ({"accept-language": "en;q=0.2,zh-CN;q=0.9"}, {}, {}, "zh"),
        ({"accept-language": "fr,de"}, {}, {}, "zh"),
        ({"accept-language": "en;q=much"}, {}, {}, "en"),
        ({"accept-language": "en"}, {"__Host-language": "zh"}, {}, "zh"),
        ({}, {"__Host-language": "zh"}, {"lang": "en"}, "en"),
        ({"accept-language": "en"}, {}, {"ui_locales": "zh-CN en"}, "zh"),
        ({}, {"__Host-language": "<script>"}, {}, "zh"),
    ],
)
def test_a_person_reads_in_the_language_they_asked_for(headers, cookies, query, language):
    assert reader_of(headers, cookies, query, "/").language == language


async def test_switching_language_and_type_is_remembered_and_goes_back():
    browser = PortalWorld().browser()

    switched = await browser.get("/reading?language=en&type=large&back=/sessions?done=1%26lang=zh")

    assert switched.headers["location"] == "/sessions?done=1"
    page = (await browser.get("/")).text
    assert 'lang="en"' in page
    assert 'data-type="large"' in page


@pytest.mark.parametrize(
    "back",
    [
        "//evil.test",
        "/\\evil.test",
        "https://evil.test",
        "javascript:alert(1)",
        "evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "\\\\evil.test",
        "/ /evil.test",
        "",
    ],
)
def test_a_way_back_never_leaves_this_origin(back: str):
    assert path_on_this_origin(back) == "/"


async def test_a_static_file_is_kept_for_a_year_under_its_fingerprint():
    browser = PortalWorld().browser()

    style = await browser.get(static_url("bridge.css"))

    assert style.status_code == 200
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in style.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/static/../pages.py", "/static/%2e%2e/pages.py", "/static/nothing.css", "/static/js"]
)
async def test_nothing_outside_the_static_folder_is_served(path: str):
    assert (await PortalWorld().browser().get(path)).status_code == 404
