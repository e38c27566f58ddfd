"""Key-person services on the real stack: entered by CAS, and left within two seconds."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.live.cas_clients.visitors import CasVisitor
from tests.live.portal_visits import Administrator
from tests.live.test_example_apps import app_url
from tests.waiting import within

GRID_WORKER, STAFF = "chenjing", "sunli"
POST = "/baoan/xixiang/gongle/grid-12/grid-worker"
Stack = dict[str, Any]


@pytest.fixture
def enters(stack: Stack, person: Callable[[str], dict[str, Any]]) -> Callable[[str], CasVisitor]:
    """Somebody signs in at the app."""

    def enter(username: str) -> CasVisitor:
        url = app_url(stack, "key-person")
        visitor = CasVisitor(url, f"{stack['urls']['bridge']}/cas")
        visitor.entered = visitor.sign_in("/", person(username))
        return visitor

    return enter


def is_out(visitor: CasVisitor) -> Callable[[], bool]:
    return lambda: visitor.call("GET", "/whoami").status_code == 401


def told(visitor: CasVisitor) -> dict[str, Any]:
    answer = visitor.call("GET", "/whoami")
    assert answer.status_code == 200, answer.text
    return answer.json()


def do(visitor: CasVisitor, path: str) -> int:
    """Send a form of the page that was seen last."""
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', visitor.get("/").text)
    assert token is not None
    form = {"csrfmiddlewaretoken": token[1]}
    headers = {"origin": visitor.url, "referer": f"{visitor.url}/"}
    return visitor.http.post(visitor.url + path, data=form, headers=headers).status_code


def test_a_grid_worker_sees_the_own_grid_and_may_visit_but_not_close(enters):
    visitor = enters(GRID_WORKER)

    who = told(visitor)

    assert (who["name"], who["roles"]) == ("陈静", ["visitor"])
    assert {"role": "grid-worker", "org": POST.rpartition("/")[0]} in who["posts"]
    page = visitor.get("/").text
    assert "12网格" in page
    assert "困境儿童" not in page
    assert do(visitor, "/plans/k12-1/closed") == 403
    assert do(visitor, "/plans/k13-1/visited") == 403
    assert do(visitor, "/plans/k12-1/visited") == 200
    assert "走访人：陈静" in visitor.get("/").text


def test_only_a_coordinator_closes_a_plan(enters):
    visitor = enters(STAFF)

    assert told(visitor)["roles"] == ["coordinator"]
    assert do(visitor, "/plans/k13-1/visited") == 403
    assert do(visitor, "/plans/k13-1/closed") == 200
    assert "结案人：孙丽" in visitor.get("/").text


def test_signing_out_of_the_app_ends_everything_and_returns_to_it(enters):
    visitor = enters(GRID_WORKER)
    told(visitor)

    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', visitor.get("/").text)
    answer = visitor.http.post(
        f"{visitor.url}/logout",
        data={"csrfmiddlewaretoken": token[1]},
        headers={"origin": visitor.url, "referer": f"{visitor.url}/"},
    )

    assert str(answer.url) == f"{visitor.url}/signed-out"
    assert visitor.ticket(f"{visitor.url}/login", gateway="true") == ""


def test_a_post_taken_in_the_console_ends_the_visit_within_two_seconds(stack: Stack, enters):
    visitor, administrator = enters(GRID_WORKER), Administrator(stack, "workers")
    told(visitor)
    administrator.leave(GRID_WORKER, POST)
    try:
        assert within(3, is_out(visitor))
    finally:
        administrator.join(GRID_WORKER, POST)


def test_a_suspended_app_is_left_within_two_seconds_and_not_entered(stack: Stack, enters):
    visitor, administrator = enters(STAFF), Administrator(stack, "workers")
    told(visitor)
    administrator.suspend("key-person", enabled=False)
    try:
        assert within(3, is_out(visitor))
        assert within(3, lambda: visitor.get("/").status_code == 403)
    finally:
        administrator.suspend("key-person", enabled=True)
    assert within(3, lambda: visitor.get("/").status_code == 200)


def test_somebody_without_a_role_is_told_so_by_the_bridge(enters):
    visitor = enters("zhengkai")

    assert visitor.entered.status_code == 403
    assert str(visitor.entered.url).startswith(visitor.cas.removesuffix("/cas"))
    assert is_out(visitor)()
