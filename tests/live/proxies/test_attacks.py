"""What an attacker tries at each real proxy with the configuration that we hand out."""

import json
from pathlib import Path

import pytest

from tests.live.conftest import free_base
from tests.live.proxies.conftest import Surroundings
from tests.live.proxies.hostile import IDENTITY, PATHS, SECOND_PATHS, spellings
from tests.live.proxies.proxies import PROXIES, Place, running
from tests.live.proxies.visitors import Visitor, asking, wire


def _reached(came: bytes) -> list[tuple[str, str]]:
    """The headers that the app got, read out of a raw answer."""
    body = came[came.index(b"{") : came.rindex(b"}") + 1]
    return [(name, value) for name, value in json.loads(body)["headers"]]


def test_identity_headers_from_outside_never_reach_the_app_in_any_spelling(patroller: Visitor):
    forged = [f"{said}: evil" for name in IDENTITY for said in spellings(name)]
    port = int(patroller.url.rpartition(":")[2])

    status, came = wire(port, asking("/", port, f"Cookie: {patroller.cookies()}", *forged))

    assert status == 200, came[:300]
    assert "evil" not in {value for _, value in _reached(came)}
    names = [name for name, _ in _reached(came)]
    assert len(names) == len(set(names))
    assert not [name for name in names if "_" in name]


def test_identity_headers_are_overwritten_even_when_there_is_nothing_to_say(patroller: Visitor):
    port = int(patroller.url.rpartition(":")[2])
    twice = ("X-Bridge-Posts: evil", "X-Bridge-Posts: evil2", "X-Bridge-Name: evil")

    _, came = wire(port, asking("/", port, f"Cookie: {patroller.cookies()}", *twice))

    assert not [value for _, value in _reached(came) if "evil" in value]


@pytest.mark.parametrize("name", SECOND_PATHS)
def test_no_header_of_a_browser_names_another_path(patroller: Visitor, name: str):
    assert patroller.call("GET", "/admin/a", **{name: "/"}).status_code == 403
    answer = patroller.call("GET", "/", **{name: "/admin/a"})

    assert answer.status_code == 200
    assert not [value for _, value in answer.json()["headers"] if "/admin/a" in value]


@pytest.mark.parametrize(
    "forged",
    [
        ("X-Forwarded-Host: other.example",),
        ("X-Forwarded-Proto: https",),
        ("X-Forwarded-Method: GET", "X-Forwarded-Uri: /"),
        ("X-Original-Method: GET", "X-Original-URL: http://localhost/"),
        ("X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1"),
        ("Forwarded: for=127.0.0.1;host=other.example;proto=https",),
        ("User-Agent: kube-probe/1.30",),
        ("X-Envoy-Original-Path: /", "X-Envoy-Internal: true"),
        ("Connection: close, X-Bridge-User, Cookie",),
    ],
)
def test_nothing_a_browser_says_of_itself_opens_a_door(
    proxy: Place, patroller: Visitor, forged: tuple[str, ...]
):
    signed_out, _ = wire(proxy.port, asking("/admin/a", proxy.port, *forged))
    cookie = f"Cookie: {patroller.cookies()}"
    wrong_role, _ = wire(proxy.port, asking("/admin/a", proxy.port, cookie, *forged))

    assert signed_out in (400, 401, 403)
    assert wrong_role in (400, 401, 403)


@pytest.mark.parametrize("protocol", ["h2c", "websocket-not", "TLS/1.0"])
def test_no_other_protocol_is_opened_in_which_nobody_asks_about_requests(
    patroller: Visitor, protocol: str
):
    port = int(patroller.url.rpartition(":")[2])
    upgrade = (f"Upgrade: {protocol}", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
    request = asking("/", port, f"Cookie: {patroller.cookies()}", *upgrade)

    status, came = wire(port, request.replace("n: close", "n: Upgrade, HTTP2-Settings"))

    assert status != 101
    if status == 200:
        assert {"upgrade", "http2-settings"}.isdisjoint(name for name, _ in _reached(came))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_two_readings_opens_no_door(proxy: Place, patroller: Visitor, path: str):
    cookie = f"Cookie: {patroller.cookies()}"

    status, came = wire(proxy.port, asking(path, proxy.port, cookie))

    # What is answered by the app was asked about as it stands, and is not below /admin/.
    assert status != 200 or b'"path": ' not in came, came[-300:]


@pytest.mark.parametrize(
    "host", ["other.example", "LOCALHOST.evil.example", "localhost@evil.example", "", "[::1]"]
)
def test_another_host_than_the_apps_own_is_no_way_in(proxy: Place, patroller: Visitor, host: str):
    request = asking("/", proxy.port, f"Cookie: {patroller.cookies()}")

    status, came = wire(proxy.port, request.replace(f"localhost:{proxy.port}", host))

    assert b'"path": ' not in came
    assert status != 200 or not came.partition(b"\r\n\r\n")[2].strip()


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "A" * 200, '"', "%00", "../../x", "{}"])
def test_a_made_up_cookie_is_signed_out_and_never_let_through(proxy: Place, cookie: str):
    names = {pair.partition("=")[0] for pair in Visitor(proxy.url).cookies().split("; ")}
    name = next(iter(names - {""}), f"__Host-idpb-{proxy.port}")

    assert Visitor(proxy.url).call("GET", "/", Cookie=f"{name}={cookie}").status_code == 401


@pytest.mark.parametrize("name", list(PROXIES))
def test_a_proxy_whose_bridge_is_away_lets_nobody_in(
    surroundings: Surroundings, name: str, tmp_path: Path
):
    nobody = free_base(21200)
    place = Place(nobody + 1, surroundings.app, (nobody,), (nobody,), tmp_path)

    with running(name, place):
        for path in ("/", "/admin/a", "/.idp-bridge/sign-in"):
            status, came = wire(place.port, asking(path, place.port))
            assert status >= 400, came[:200]
            assert b'"path": ' not in came
