"""What every request passes before it reaches a page."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from idp_bridge.app.http import LARGEST, Front, Origin
from idp_bridge.app.origins import application
from idp_bridge.web.pages import WebPages

SITE = "https://bridge.test"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async def sent(request: Request) -> Response:
        return PlainTextResponse(str(len((await request.form()).get("text", ""))))

    app = application([Route("/form", sent, methods=["POST"])], WebPages("op"))
    front = Front((Origin("op", SITE, app),), ())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url=SITE) as client:
        yield client


async def test_a_body_without_an_end_is_not_read_to_its_end(http):
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b"text="
        while read < 100 * LARGEST:
            read += 65536
            yield b"x" * 65536

    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = await http.post("/form", content=endless(), headers=form)

    assert answer.status_code == 400
    assert read <= LARGEST + 65536


async def test_a_form_of_a_page_is_read_whole(http):
    answer = await http.post("/form", data={"text": "字" * 20_000})

    assert (answer.status_code, answer.text) == (200, "20000")
