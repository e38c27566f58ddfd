"""Each proxy with the configuration that we hand out, in front of an app that tells what it got.

The gate is a stand-in here: what is tried is what the proxies do with a request and with an answer.
``tests/live/proxies`` walks through them with the bridge itself.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.proxies.hostile import IDENTITY, SECOND_METHODS, SECOND_PATHS, spellings
from tests.live.proxies.proxies import PROXIES, Place, program, running
from tests.live.proxies.visitors import answered, asking, reached, wire
from tests.proxies.ports import free_ports
from tests.proxies.stand_in import IN, SAID


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind every proxy."""

    app: int
    gate: int
    grpc: int


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    app, gate, grpc = free_ports(3)
    folder = tmp_path_factory.mktemp("behind")
    echo = (sys.executable, "-m", "tests.live.proxies.echo", str(app))
    stand_in = (sys.executable, "-m", "tests.proxies.stand_in", str(gate), str(grpc))
    with ExitStack() as opened:
        for command, port in ((echo, app), (stand_in, gate)):
            url = f"http://127.0.0.1:{port}/forward-auth/nginx"
            opened.enter_context(program(command, url, folder / f"{port}.log"))
        yield Behind(app, gate, grpc)


@pytest.fixture(scope="module", params=list(PROXIES))
def port(
    request: pytest.FixtureRequest, behind: Behind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Where the proxy listens."""
    [port] = free_ports(1)
    folder = tmp_path_factory.mktemp(request.param)
    place = Place(port, behind.app, (behind.gate,), (behind.grpc,), folder)
    with running(request.param, place):
        yield port


def got(port: int, *headers: str) -> list[tuple[str, str]]:
    """The headers that the app got from somebody who is let in."""
    status, came = wire(port, asking("/", port, f"Cookie: {IN}", *headers))
    assert status == 200, came[:300]
    return reached(came)


def test_the_app_is_told_what_the_bridge_said_and_nothing_else(port: int):
    told = dict(got(port))

    assert {name: told.get(name, "") for name in SAID} == SAID
    assert told["x-bridge-user"] == told["host"] == f"localhost:{port}"


def test_identity_headers_from_outside_never_reach_the_app_in_any_spelling(port: int):
    forged = [f"{said}: evil" for name in IDENTITY for said in spellings(name)]

    headers = got(port, *forged)

    names = [name for name, _ in headers]
    assert "evil" not in {value for _, value in headers}
    assert len(names) == len(set(names))
    assert not [name for name in names if "_" in name]


@pytest.mark.parametrize("name", [name for name in IDENTITY if not SAID.get(name.lower(), "u1")])
def test_what_the_bridge_leaves_empty_is_overwritten_too(port: int, name: str):
    headers = got(port, f"{name}: evil", f"{name}: evil too")

    assert not [value for _, value in headers if "evil" in value]


@pytest.mark.parametrize("name", SECOND_PATHS)
def test_no_header_of_a_browser_names_another_path_to_the_app(port: int, name: str):
    assert not [value for _, value in got(port, f"{name}: /admin/a") if "/admin/a" in value]


@pytest.mark.parametrize("name", SECOND_METHODS)
def test_no_header_of_a_browser_names_another_method_to_the_app(port: int, name: str):
    """A rule by method would be about one, and the app do the other."""
    assert not [value for _, value in got(port, f"{name}: DELETE") if value == "DELETE"]


@pytest.mark.parametrize(
    "cookie",
    [
        f"theme=dark; {IN}; last=1",
        f"{IN}; theme=dark; __Host-idpb-login-1=x; last=1",
        f"theme=dark;{IN};__Host-idpb-login-1=x;last=1",
        f"theme=dark; last=1; __Host-idpb-a=1; {IN}",
    ],
)
def test_the_bridges_cookies_are_taken_out_and_the_apps_own_stay(port: int, cookie: str):
    status, came = wire(port, asking("/", port, f"Cookie: {cookie}"))

    assert status == 200
    seen = dict(reached(came)).get("cookie", "")
    assert "__Host-idpb" not in seen
    assert [pair.strip() for pair in seen.split(";")] == ["theme=dark", "last=1"]


def test_more_cookies_of_ours_than_there_can_be_do_not_reach_the_app(port: int):
    flood = "; ".join(f"__Host-idpb-{number}=x" for number in range(2, 9))

    status, came = wire(port, asking("/", port, f"Cookie: {IN}; {flood}"))

    assert status == 200
    assert "__Host-idpb" not in str(reached(came))


@pytest.mark.parametrize("protocol", ["h2c", "websocket-not", "TLS/1.0"])
def test_no_other_protocol_is_opened_in_which_nobody_asks_about_requests(port: int, protocol: str):
    upgrade = (f"Cookie: {IN}", f"Upgrade: {protocol}", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
    request = asking("/", port, *upgrade)

    status, came = wire(port, request.replace("n: close", "n: Upgrade, HTTP2-Settings"))

    assert status != 101
    if status == 200:
        assert {"upgrade", "http2-settings"}.isdisjoint(name for name, _ in reached(came))


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/", "other.example"),
        ("/", "localhost:1"),
        ("/", "localhost"),
        ("/", "localhost:{port}.other.example"),
        ("http://other.example/", "localhost:{port}"),
        ("http://localhost:1/", "localhost:{port}"),
        ("http://localhost:{port}/", "other.example"),
        ("http://localhost:{port}/", "localhost:1"),
        ("http://localhost:1/", "localhost:1"),
    ],
)
def test_the_bridge_is_asked_about_the_apps_own_name_only(port: int, path: str, host: str):
    own = f"localhost:{port}"
    request = asking(path.format(port=port), port, f"Cookie: {IN}")

    _, came = wire(port, request.replace(f"Host: {own}", f"Host: {host.format(port=port)}"))

    # A session at another app must open nothing here, and this app must not be told of it.
    if answered(came):
        told = dict(reached(came))
        assert (told["x-bridge-user"], told["host"]) == (own, own)


def test_who_is_signed_out_does_not_reach_the_app(port: int):
    for cookie in ("", "__Host-idpb-1=out", "__Host-idpb-1=in2", "x__Host-idpb-1=in"):
        status, came = wire(port, asking("/", port, f"Cookie: {cookie}"))
        assert status == 401
        assert not answered(came)


@pytest.mark.parametrize("name", list(PROXIES))
def test_a_proxy_whose_bridge_is_away_lets_nobody_in(behind: Behind, name: str, tmp_path: Path):
    port, nobody = free_ports(2)
    place = Place(port, behind.app, (nobody,), (nobody,), tmp_path)

    with running(name, place):
        for path in ("/", "/admin/a", "/.idp-bridge/sign-in"):
            status, came = wire(port, asking(path, port, f"Cookie: {IN}"))
            assert status >= 400, came[:200]
            assert not answered(came)
