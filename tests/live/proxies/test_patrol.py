"""The volunteer patrol as every stack runs it: behind Caddy, with no sign-in of its own."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.live.proxies.visitors import Visitor

Stack = dict[str, Any]
Find = Callable[[str], dict[str, Any]]
PATROLLER, ORGANISER = "chenjing", "sunli"


def at_patrol(stack: Stack) -> Visitor:
    [app] = [app for app in stack["apps"] if app["id"] == "volunteer-patrol"]
    return Visitor(app["url"].rstrip("/"))


def post(visitor: Visitor, path: str) -> int:
    origin = {"Origin": visitor.url}
    return visitor.http.post(visitor.url + path, headers=origin, follow_redirects=False).status_code


def test_a_patroller_sees_the_own_grid_and_an_organiser_the_community(
    stack: Stack, person_of: Find
):
    patroller, organiser = at_patrol(stack), at_patrol(stack)

    seen = patroller.sign_in("/", person_of(PATROLLER)).text
    all_of_them = organiser.sign_in("/", person_of(ORGANISER)).text

    assert "共乐路夜间巡查" in seen
    assert "前进二路市场" not in seen
    assert "前进二路市场" in all_of_them
    who = patroller.get("/whoami").json()
    assert (who["by"], who["roles"], who["acr"]) == ("forward-auth", ["patroller"], "password")
    assert {"role": "grid-worker", "org": "/baoan/xixiang/gongle/grid-12"} in who["posts"]


def test_only_an_organiser_calls_a_round_off(stack: Stack, person_of: Find):
    patroller, organiser = at_patrol(stack), at_patrol(stack)
    patroller.sign_in("/", person_of(PATROLLER))
    organiser.sign_in("/", person_of(ORGANISER))

    assert post(patroller, "/rounds/g12-evening/off") == 403
    assert post(patroller, "/rounds/g12-evening/join") == 303
    assert post(organiser, "/rounds/g12-evening/off") == 303
    assert "已取消" in patroller.get("/").text
    assert post(organiser, "/rounds/g12-evening/on") == 303
    assert post(patroller, "/rounds/g12-evening/leave") == 303


def test_signing_out_leads_through_keycloak_and_back(stack: Stack, person_of: Find):
    visitor = at_patrol(stack)
    visitor.sign_in("/", person_of(PATROLLER))

    page = visitor.http.post(f"{visitor.url}/logout", headers={"Origin": visitor.url})

    assert str(page.url).startswith(f"{visitor.url}/.idp-bridge/signed-out")
    assert page.status_code == 200
    assert visitor.call("GET", "/whoami").status_code == 401


def test_who_comes_past_the_proxy_is_nobody(stack: Stack):
    caddyfile = Path(stack["data"], "volunteer-patrol", "Caddyfile").read_text(encoding="utf-8")
    inner = re.findall(r"reverse_proxy (127\.0\.0\.1:\d+) \{", caddyfile)[-1]
    host = at_patrol(stack).url.removeprefix("http://")
    forged = {"Host": host, "X-Bridge-User": "1", "X-Bridge-Identity": "a.b.c", "Remote-User": "1"}

    assert httpx.get(f"http://{inner}/whoami", headers=forged).status_code == 401
