"""The examples in other languages: built once into the user's cache, run as a process of a test."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.waiting import within

EXAMPLES = Path(__file__).parents[3] / "adapters" / "examples"
CACHE = Path.home() / ".cache" / "idp-bridge-tests"


@dataclass(frozen=True, slots=True)
class Language:
    """How an example is built, started and entered."""

    name: str
    folder: str
    needs: tuple[str, ...]
    build: Callable[[Path], tuple[str, ...]]
    login: str = "/login"
    backchannel: str = "/backchannel-logout"

    @property
    def manifest(self) -> Path:
        """What registers it."""
        return EXAMPLES / self.folder / "app.yaml"


def _node(built: Path) -> tuple[str, ...]:
    for file in ("package.json", "app.js", "sign_in.js"):
        shutil.copyfile(EXAMPLES / "node_express" / file, built / file)
    _run(built, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
    return "node", str(built / "app.js")


def _go(built: Path) -> tuple[str, ...]:
    _run(EXAMPLES / "go_app", "go", "build", "-o", str(built / "doorplates"), ".")
    return (str(built / "doorplates"),)


def _java(built: Path) -> tuple[str, ...]:
    _run(EXAMPLES / "java_spring", "mvn", "-q", "-B", f"-DbuildFolder={built}", "package")
    return "java", "-XX:TieredStopAtLevel=1", "-jar", str(built / "doorplates-1.jar")


LANGUAGES = (
    Language("node", "node_express", ("node", "npm"), _node),
    Language("go", "go_app", ("go",), _go),
    Language(
        "java",
        "java_spring",
        ("mvn", "java"),
        _java,
        "/oauth2/authorization/keycloak",
        "/logout/connect/back-channel/keycloak",
    ),
)


def command(language: Language) -> tuple[str, ...]:
    """Build the example; what starts it. Without the language's tools this is a failure."""
    for tool in language.needs:
        if shutil.which(tool) is None:
            pytest.fail(f"{tool} not found: the {language.name} example is tested with it")
    built = CACHE / language.name
    built.mkdir(parents=True, exist_ok=True)
    return language.build(built)


@contextmanager
def running(program: tuple[str, ...], url: str, log: Path, **settings: str) -> Iterator[None]:
    """The app's process, from the moment it answers."""
    address = url.removeprefix("http://").replace("localhost", "127.0.0.1")
    environment = {
        "PATH": os.environ["PATH"],
        "APP_URL": url,
        "LISTEN": address,
        "PORT": address.partition(":")[2],
        "SESSION_SECRET": "s" * 40,
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(program, env=environment, stdout=output, stderr=output)
        try:
            ready = within(60, lambda: process.poll() is not None or _answers(url))
            assert ready, log.read_text()
            assert process.poll() is None, log.read_text()
            yield
        finally:
            process.terminate()
            process.wait(10)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def _run(folder: Path, *words: str) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
