"""People at an app behind each real proxy: in, out, and what does not get through."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.live.proxies.conftest import PATROLLER, Surroundings
from tests.live.proxies.hostile import IDENTITY
from tests.live.proxies.proxies import Place
from tests.live.proxies.registered import CLIENT
from tests.live.proxies.visitors import Visitor
from tests.waiting import within

Find = Callable[[str], dict[str, Any]]
WITHOUT_A_ROLE = "huangbo"


def sent_on(answer: httpx.Response) -> dict[str, str]:
    """The headers that reached the app."""
    assert answer.status_code == 200, answer.text[:300]
    return dict(answer.json()["headers"])


def test_a_page_leads_through_the_sign_in_back_to_the_very_address(proxy: Place, person_of: Find):
    visitor, wanted = Visitor(proxy.url), "/tasks/7?day=%2Fa%20b&lang=zh"

    answer = visitor.sign_in(wanted, person_of(PATROLLER))

    assert str(answer.url) == proxy.url + wanted
    assert answer.json()["path"] == wanted
    # One way through the callback: two copies of the bridge send nobody in circles.
    assert len([hop for hop in visitor.hops if "/.idp-bridge/callback" in hop]) == 1
    for _ in range(6):
        assert visitor.http.get(proxy.url + wanted, follow_redirects=False).status_code == 200


def test_the_app_learns_who_it_is_and_never_sees_the_bridges_cookie(patroller: Visitor):
    seen = sent_on(patroller.get("/", Cookie=f"theme=dark; {patroller.cookies()}; last=1"))

    assert seen["x-bridge-roles"] == "patroller"
    assert seen["x-bridge-acr"] == "password"
    assert seen["x-bridge-user"]
    assert seen["x-bridge-identity"].count(".") == 2
    assert {name for name in seen if name.startswith("x-bridge-")} <= {
        name.lower() for name in IDENTITY
    }
    assert "__Host-idpb" not in str(seen)
    assert seen["cookie"].split("; ")[0] == "theme=dark"
    assert seen["cookie"].split("; ")[-1] == "last=1"


def test_somebody_without_a_role_is_told_so(proxy: Place, person_of: Find):
    visitor = Visitor(proxy.url)

    answer = visitor.sign_in("/", person_of(WITHOUT_A_ROLE))

    assert answer.status_code == 403
    assert "<html" in answer.text


def test_a_route_for_another_role_is_refused(patroller: Visitor):
    refused = patroller.get("/admin/people")

    assert refused.status_code == 403
    assert "<html" in refused.text
    assert patroller.call("GET", "/admin/people").status_code == 403


def test_a_script_that_is_signed_out_is_told_401(proxy: Place):
    for method in ("GET", "POST", "DELETE"):
        assert Visitor(proxy.url).call(method, "/api").status_code == 401


def test_a_form_that_comes_when_signed_out_is_not_sent_and_the_person_is_told(proxy: Place):
    visitor = Visitor(proxy.url)

    answer = visitor.http.post(f"{proxy.url}/tasks", data={"a": "1"})

    assert answer.status_code in (200, 401)
    assert "没有提交" in answer.text or "没有发送" in answer.text
    assert str(answer.url).startswith(proxy.url)


def test_a_form_of_somebody_signed_in_arrives_whole(patroller: Visitor):
    answer = patroller.http.post(f"{patroller.url}/tasks", content=b"a" * 300_000)

    assert (answer.status_code, answer.json()["method"]) == (200, "POST")
    assert dict(answer.json()["headers"])["content-length"] == "300000"


def test_a_websocket_is_opened_for_who_is_signed_in_only(patroller: Visitor):
    address = patroller.url.replace("http:", "ws:") + "/live"
    with pytest.raises(InvalidStatus) as refused:
        connect(address, compression=None).close()
    assert refused.value.response.status_code in (302, 303, 401)

    cookie = {"Cookie": patroller.cookies()}
    with connect(address, additional_headers=cookie, compression=None) as socket:
        socket.send("hello")
        answer = str(socket.recv(5))

    assert '"said": "hello"' in answer
    assert '["x-bridge-roles", "patroller"]' in answer
    assert "__Host-idpb" not in answer


def test_a_long_download_arrives_whole(patroller: Visitor):
    size = 0
    with patroller.http.stream("GET", f"{patroller.url}/download?mb=48") as answer:
        for piece in answer.iter_raw():
            size += len(piece)

    assert size == 48 * 2**20


def test_signing_out_ends_it_at_the_bridge_not_only_in_the_browser(proxy: Place, person_of: Find):
    visitor = Visitor(proxy.url)
    visitor.sign_in("/", person_of(PATROLLER))
    kept = visitor.cookies()
    assert Visitor(proxy.url).call("GET", "/", Cookie=kept).status_code == 200

    visitor.http.post(f"{proxy.url}/.idp-bridge/sign-out", headers={"Origin": proxy.url})

    assert within(2, lambda: Visitor(proxy.url).call("GET", "/", Cookie=kept).status_code == 401)


def test_another_sites_form_signs_nobody_out(patroller: Visitor):
    patroller.http.post(
        f"{patroller.url}/.idp-bridge/sign-out", headers={"Origin": "https://evil.example"}
    )

    assert patroller.call("GET", "/").status_code == 200


def test_a_suspended_app_is_closed_within_two_seconds(
    patroller: Visitor, surroundings: Surroundings
):
    assert patroller.call("GET", "/").status_code == 200
    surroundings.keycloak.enable(CLIENT, enabled=False)
    try:
        # Two seconds, and one for a machine that is busy with tests on every core.
        assert within(3, lambda: patroller.call("GET", "/").status_code in (401, 403))
    finally:
        surroundings.keycloak.enable(CLIENT, enabled=True)
        assert within(10, lambda: Visitor(patroller.url).get("/").status_code == 200)
