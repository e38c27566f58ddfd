"""Two copies of the bridge over one stack, and people for one test."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from idp_bridge.core.admission import CheckPerson
from tests.live.conftest import free_base
from tests.live.matrix.world import Keycloak, Visitor

Stack = dict[str, Any]


@pytest.fixture(scope="session")
def second_copy(stack: Stack) -> Iterator[str]:
    """Another copy of the bridge with the same settings; yields the gate's host and port."""
    base = free_base(31000)
    bridge, gate = f"127.0.0.1:{base}", f"127.0.0.1:{base + 1}"
    environment = {
        "IDP_BRIDGE_LISTEN": json.dumps([bridge]),
        "IDP_BRIDGE_GATE_LISTEN": json.dumps([gate]),
    }
    settings = str(Path(stack["data"]) / "bridge.yaml")
    command = (sys.executable, "-m", "idp_bridge", "serve", "--config", settings)
    child = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        _wait_for(f"http://{bridge}/healthz", child)
        yield gate
    finally:
        child.terminate()
        child.wait(15)


def _wait_for(url: str, child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and child.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(url, timeout=5).raise_for_status()
            return
        threading.Event().wait(0.1)
    raise AssertionError("the second copy of the bridge did not start")


@pytest.fixture
def keycloak(stack: Stack) -> Iterator[Keycloak]:
    keycloak = Keycloak(stack)
    yield keycloak
    keycloak.clear()


@pytest.fixture
async def visitor(
    stack: Stack, second_copy: str
) -> AsyncIterator[Callable[[CheckPerson], Visitor]]:
    """Puts a person at a browser of their own."""
    async with httpx.AsyncClient(timeout=20) as http:
        yield lambda who: Visitor(stack, http, who)
