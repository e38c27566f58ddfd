"""One app, six proxies in front of it, and two copies of the bridge that they ask by turns."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.conftest import free_base
from tests.live.proxies.proxies import PROXIES, Place, program, running
from tests.live.proxies.registered import Keycloak, registered
from tests.live.proxies.visitors import Visitor

PATROLLER = "chenjing"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The stack, the ports that all proxies share, and a proxy's own."""

    stack: dict[str, Any]
    keycloak: Keycloak
    base: int
    folder: Path
    gates: tuple[int, ...]
    grpc: tuple[int, ...]

    @property
    def app(self) -> int:
        return self.base

    def place(self, name: str) -> Place:
        port = self.base + 10 + list(PROXIES).index(name)
        return Place(port, self.app, self.gates, self.grpc, self.folder / name)


@pytest.fixture(scope="session")
def surroundings(
    stack: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Surroundings]:
    """The app behind the proxies runs, is registered, and there is a second copy of the bridge."""
    folder, base = tmp_path_factory.mktemp("proxies"), free_base(21000)
    keycloak = Keycloak(stack)
    settings = yaml.safe_load((Path(stack["data"]) / "bridge.yaml").read_text(encoding="utf-8"))
    first = int(settings["gate_listen"][0].rpartition(":")[2])
    found = Surroundings(stack, keycloak, base, folder, (first, base + 2), (base + 3,))
    urls = [found.place(name).url for name in PROXIES]
    with ExitStack() as opened:
        echo = (sys.executable, "-m", "tests.live.proxies.echo", str(base))
        opened.enter_context(program(echo, f"http://127.0.0.1:{base}", folder / "echo.log"))
        opened.enter_context(registered(keycloak, urls, PATROLLER))
        opened.enter_context(_second_copy(settings, base, folder))
        yield found


def _second_copy(settings: dict[str, Any], base: int, folder: Path) -> Any:
    own = {
        "listen": [f"127.0.0.1:{base + 1}"],
        "gate_listen": [f"127.0.0.1:{base + 2}"],
        "grpc_listen": f"127.0.0.1:{base + 3}",
    }
    file = folder / "second.yaml"
    file.write_text(yaml.safe_dump(settings | own), encoding="utf-8")
    command = (sys.executable, "-m", "idp_bridge", "serve", "--config", str(file))
    return program(command, f"http://127.0.0.1:{base + 1}", folder / "second.log")


@pytest.fixture(scope="session", params=list(PROXIES))
def proxy(request: pytest.FixtureRequest, surroundings: Surroundings) -> Iterator[Place]:
    """Each proxy in turn, running with the configuration that we hand out."""
    place = surroundings.place(request.param)
    with running(request.param, place):
        yield place


@pytest.fixture(scope="session")
def patroller(
    proxy: Place, stack: dict[str, Any], person_of: Callable[[str], dict[str, Any]]
) -> Visitor:
    """Somebody signed in who may enter, and who stays signed in."""
    visitor = Visitor(proxy.url)
    page = visitor.sign_in("/", person_of(PATROLLER))
    assert page.status_code == 200, page.text[:500]
    return visitor


@pytest.fixture(scope="session")
def person_of(stack: dict[str, Any]) -> Callable[[str], dict[str, Any]]:
    """Find a demo person by user name."""

    def find(username: str) -> dict[str, Any]:
        return next(p for p in stack["people"] if p["username"] == username)

    return find
