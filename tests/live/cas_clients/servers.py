"""Runs the programs of the tests' CAS clients, each in a folder of its own, ended by their id."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import within

CLIENTS = Path(__file__).parent / "clients"


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A program until the end of the block, once it listens on ``port``."""
    with log.open("wb") as output:
        program = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        try:
            up = within(60, lambda: program.poll() is not None or _listens(port))
            assert up, f"{command[0]}: {log.read_text()}"
            assert program.poll() is None, f"{command[0]}: {log.read_text()}"
            yield
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGTERM)
            program.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
