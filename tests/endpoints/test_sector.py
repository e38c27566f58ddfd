"""The sector document that Keycloak fetches for apps on several hosts."""

import httpx
from starlette.applications import Starlette

from idp_bridge.endpoints.sector import PATH, sector_route


async def test_every_web_address_may_be_in_the_sector_and_no_other_scheme() -> None:
    transport = httpx.ASGITransport(Starlette(routes=[sector_route()]))
    async with httpx.AsyncClient(transport=transport, base_url="https://bridge.example") as http:
        answer = await http.get(PATH)

    assert answer.json() == ["https://*", "http://*"]
