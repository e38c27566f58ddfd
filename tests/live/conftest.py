"""One real stack for the whole run, made by `idp-bridge up` and shared by all workers.

``IDP_BRIDGE_STACK=<data folder>`` uses a stack that is running already, for quick turns.
"""

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from xdist.scheduler import LoadScopeScheduling

from tests.browsers import chromium_program

_RUNNING = os.environ.pop("IDP_BRIDGE_STACK", None)
_SPAN = 60
_OWN_REALMS = frozenset({"keycloak", "realms", "test_stack.py"})


def idp_bridge(*arguments: str, patience: float = 600) -> subprocess.CompletedProcess[str]:
    """Run the command line as an operator does."""
    return subprocess.run(
        (sys.executable, "-m", "idp_bridge", *arguments),
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


def status_of(data: Path | str) -> dict[str, Any]:
    """What `status --json` tells about a stack."""
    told = idp_bridge("status", "--json", "--data", str(data))
    status: dict[str, Any] = json.loads(told.stdout)
    return status


def free_base(start: int = 29000) -> int:
    """A port base with nothing listening above it.

    Below 32768: from there on the system gives ports to outgoing connections.
    """
    for base in range(start, 32700, 100):
        if all(_is_free(base + offset) for offset in range(_SPAN)):
            return base
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class SharedAndOwn(LoadScopeScheduling):
    """Two workers at once: what has realms of its own, and what shares the apps of the stack."""

    def _split_scope(self, nodeid: str) -> str:
        first = nodeid.partition("::")[0].removeprefix("tests/live/").partition("/")[0]
        return "own realms" if first in _OWN_REALMS else "shared apps"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedAndOwn:
    return SharedAndOwn(config, log)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The parsed `status --json` of a ready stack."""
    if _RUNNING:
        yield status_of(_RUNNING)
        return
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    user = shared / "stack-users" / os.environ.get("PYTEST_XDIST_WORKER", "only")
    data = shared / "stack"
    with _alone(shared):
        user.parent.mkdir(exist_ok=True)
        if not any(user.parent.iterdir()):
            _up(data)
        user.touch()
    yield status_of(data)
    with _alone(shared):
        user.unlink()
        if not any(user.parent.iterdir()):
            done = idp_bridge("down", "--data", str(data))
            assert done.returncode == 0, done.stderr


def _up(data: Path) -> None:
    done = idp_bridge("up", "--detach", "--data", str(data), "--port-base", str(free_base()))
    assert done.returncode == 0, done.stderr


@contextmanager
def _alone(shared: Path) -> Iterator[None]:
    """Of all workers, one at a time."""
    with open(shared / "stack.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def person(stack: dict[str, Any]) -> Any:
    """Find a demo person by user name."""

    def find(username: str) -> dict[str, Any]:
        return next(p for p in stack["people"] if p["username"] == username)

    return find


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser program for a module's tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_program(), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers with cookies of their own, and with whatever else is asked for."""
    made: list[BrowserContext] = []

    def new(**kind: Any) -> BrowserContext:
        made.append(chromium.new_context(locale="zh-CN", **kind))
        return made[-1]

    yield new
    for context in made:
        context.close()


@pytest.fixture
def context(browser: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser."""
    return browser()
