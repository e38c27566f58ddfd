"""An example app as a process of its own, against a small OpenID Provider over real HTTP."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.adapters.browser import Browser
from tests.adapters.small_op import SECRET, OpenIdProvider, served
from tests.waiting import within

EXAMPLES = Path(__file__).parents[2] / "adapters" / "examples"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class RunningApp:
    """An app, the provider it asks, and a browser on the way in."""

    def __init__(self, url: str, entry: str, ops: dict[str, OpenIdProvider]) -> None:
        self.url = url
        self.entry = url + entry
        self.ops = ops
        self.op = ops[entry.rpartition("/")[2] or next(iter(ops))]
        self.browser = Browser()

    def afresh(self) -> None:
        self.browser.close()
        self.browser = Browser()
        for op in self.ops.values():
            op.afresh()

    def whoami(self, browser: Browser | None = None) -> httpx.Response:
        return (browser or self.browser).get(f"{self.url}/whoami", follow=False, accept="*/*")

    def sign_in(self, browser: Browser | None = None, **headers: str) -> httpx.Response:
        return (browser or self.browser).get(self.entry, **headers)

    def log_out_from_behind(self, token: str) -> httpx.Response:
        return httpx.post(f"{self.url}/backchannel-logout", data={"logout_token": token})


@contextmanager
def running(folder: str, url: str, log: Path, environment: dict[str, str]) -> Iterator[None]:
    """The app's process, from the moment it is ready."""
    settings = {
        "APP_URL": url,
        "LISTEN": url.removeprefix("http://").replace("localhost", "127.0.0.1"),
        "SESSION_SECRET": "s" * 40,
        "SIGNING_ALG": "ES256",
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / folder)],
            env={"PATH": os.environ["PATH"], **settings},
            stdout=output,
            stderr=output,
        )
        try:
            ready = within(30, lambda: process.poll() is not None or answers(url))
            assert ready, log.read_text()
            assert process.poll() is None, log.read_text()
            yield
        finally:
            process.terminate()
            process.wait(10)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


APPS: dict[str, tuple[dict[str, str], str]] = {
    "grid_service": ({"workers": "/callback"}, "/"),
    "legal_aid": ({"residents": "/callback"}, "/"),
    **dict.fromkeys(
        ("house_codes", "counselling", "mediation"),
        (
            {"residents": "/callback/residents", "workers": "/callback/workers"},
            "/login/workers",
        ),
    ),
}
# Their sign-on is that of counselling or house codes, line by line: tried once is enough.
ALIKE: dict[str, tuple[dict[str, str], str]] = {
    **dict.fromkeys(("reports", "doorplates"), APPS["counselling"]),
    "dispatch": ({"workers": "/callback/workers"}, "/login/workers"),
}


class Examples:
    """Starts apps on demand; all end with the test."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack

    def start(self, name: str, **environment: str) -> RunningApp:
        realms, entry = (APPS | ALIKE)[name]
        op_port, url = free_port(), f"http://localhost:{free_port()}"
        ops = {
            realm: OpenIdProvider(
                f"http://localhost:{op_port}/realms/{realm}",
                name.replace("_", "-"),
                url + callback,
                url + "/signed-out",
            )
            for realm, callback in realms.items()
        }
        self._stack.enter_context(served(op_port, *ops.values()))
        log = self._folder / f"{name}.log"
        settings = {**self._registered(name, ops), **environment}
        self._stack.enter_context(running(name, url, log, settings))
        app = RunningApp(url, entry, ops)
        self._stack.callback(app.browser.close)
        return app

    @staticmethod
    def _registered(name: str, ops: dict[str, OpenIdProvider]) -> dict[str, str]:
        settings = {"CLIENT_ID": name.replace("_", "-")}
        for realm, op in ops.items():
            suffix = f"_{realm.upper()}" if len(ops) > 1 else ""
            settings[f"ISSUER{suffix}"] = op.issuer
            settings[f"CLIENT_SECRET{suffix}"] = SECRET
        return settings


@pytest.fixture
def examples(tmp_path: Path) -> Iterator[Examples]:
    """For a test that starts an app of its own."""
    with ExitStack() as stack:
        yield Examples(tmp_path, stack)


@pytest.fixture(scope="session", params=sorted(APPS))
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApp]:
    with ExitStack() as stack:
        yield Examples(tmp_path_factory.mktemp("apps"), stack).start(request.param)


@pytest.fixture
def app(started: RunningApp) -> RunningApp:
    """Each example app in turn, with a new browser and an issuer that forgot the last test."""
    started.afresh()
    return started
