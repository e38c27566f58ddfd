"""What an attacker tries at each real proxy in front of the real bridge.

What the proxies do with headers is tried in ``tests/proxies``.
"""

import pytest

from tests.live.proxies.hostile import PATHS, SECOND_PATHS
from tests.live.proxies.proxies import Place
from tests.live.proxies.visitors import Visitor, answered, asking, wire


@pytest.mark.parametrize("name", SECOND_PATHS)
def test_no_header_of_a_browser_names_another_path(patroller: Visitor, name: str):
    assert patroller.call("GET", "/admin/a", **{name: "/"}).status_code == 403
    assert patroller.call("GET", "/", **{name: "/admin/a"}).status_code == 200


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


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_two_readings_opens_no_door(proxy: Place, patroller: Visitor, path: str):
    cookie = f"Cookie: {patroller.cookies()}"

    status, came = wire(proxy.port, asking(path, proxy.port, cookie))

    # What is answered by the app was asked about as it stands, and is not below /admin/.
    assert status != 200 or not answered(came), came[-300:]


@pytest.mark.parametrize(
    "host", ["other.example", "LOCALHOST.evil.example", "localhost@evil.example", "", "[::1]"]
)
def test_another_host_than_the_apps_own_is_no_way_in(proxy: Place, patroller: Visitor, host: str):
    request = asking("/", proxy.port, f"Cookie: {patroller.cookies()}")

    status, came = wire(proxy.port, request.replace(f"localhost:{proxy.port}", host))

    assert not answered(came)
    assert status != 200 or not came.partition(b"\r\n\r\n")[2].strip()


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "A" * 200, '"', "%00", "../../x", "{}"])
def test_a_made_up_cookie_is_signed_out_and_never_let_through(proxy: Place, cookie: str):
    names = {pair.partition("=")[0] for pair in Visitor(proxy.url).cookies().split("; ")}
    name = next(iter(names - {""}), f"__Host-idpb-{proxy.port}")

    assert Visitor(proxy.url).call("GET", "/", Cookie=f"{name}={cookie}").status_code == 401
