"""The verification snippets, each in a program of its language that answers line by line."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "harness"
SNIPPETS = Path(__file__).parents[3] / "adapters" / "examples" / "snippets"


@dataclass(frozen=True)
class Language:
    """How a snippet is made ready in a folder; ``build`` returns the command."""

    name: str
    tools: tuple[str, ...]
    build: Callable[[Path], tuple[str, ...]]


class Program:
    """A running snippet. ``keys`` is the file that it reads keys, or the secret, from."""

    def __init__(self, process: subprocess.Popen[str], keys: Path) -> None:
        self._process = process
        self.keys = keys

    def says(self, kind: str, token: str, service: str = "", state: str = "") -> str:
        """The answer to one token."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{kind}\t{token}\t{service}\t{state}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer, "the program ended"
        return answer

    def publish(self, jwks: object) -> None:
        """What the bridge publishes from now on."""
        self.keys.write_text(json.dumps(jwks), encoding="utf-8")


@contextmanager
def running(
    command: tuple[str, ...], registered: tuple[str, str, str], keys: Path
) -> Iterator[Program]:
    """The snippet for one app: issuer, audience, algorithm."""
    with subprocess.Popen(
        (*command, *registered, str(keys)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Program(process, keys)
        finally:
            process.kill()


def built(language: Language, folder: Path) -> tuple[str, ...]:
    """Its command; fails when a tool is not there."""
    for tool in language.tools:
        if shutil.which(tool) is None:
            pytest.fail(f"{tool} not found: the {language.name} snippet is tested with it")
    for source in (SNIPPETS / language.name, HERE / language.name):
        shutil.copytree(source, folder, dirs_exist_ok=True)
    return language.build(folder)


def _node(folder: Path) -> tuple[str, ...]:
    return ("node", str(folder / "main.mjs"))


def _php(folder: Path) -> tuple[str, ...]:
    return ("php", str(folder / "main.php"))


def _go(folder: Path) -> tuple[str, ...]:
    (folder / "harness").mkdir()
    shutil.move(folder / "main.go", folder / "harness" / "main.go")
    program = str(folder / "bridgetoken")
    subprocess.run(("go", "build", "-o", program, "./harness"), cwd=folder, check=True)
    return (program,)


def _java(folder: Path) -> tuple[str, ...]:
    pom = str(folder / "pom.xml")
    fetch = ("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies")
    subprocess.run((*fetch, f"-DoutputDirectory={folder}"), check=True)
    path = f"{folder}/*:{folder}"
    sources = [str(file) for file in folder.glob("*.java")]
    subprocess.run(("javac", "-cp", path, "-d", str(folder), *sources), check=True)
    return ("java", "-XX:TieredStopAtLevel=1", "-cp", path, "Main")


LANGUAGES = (
    Language("node", ("node",), _node),
    Language("php", ("php",), _php),
    Language("go", ("go",), _go),
    Language("java", ("mvn", "javac"), _java),
)
