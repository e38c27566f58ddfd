"""Processes as the kernel counts them, and servers of our own that always end."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE = 60.0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads included."""
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / _TICK


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def descendants(root: int) -> dict[int, str]:
    """The command lines of all processes that ``root`` started, by their ids."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    below, found = {root}, {root}
    while found:
        found = {pid for pid, parent in parents.items() if parent in found} - below
        below |= found
    return {pid: _command(pid) for pid in below - {root}}


def free_port() -> int:
    """A port of the loopback interface with nothing on it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def allow_many_files() -> int:
    """Raise the soft limit on open files to the hard one; children inherit it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[int]:
    """A server that listens on ``port``; its process id. It has ended when this returns."""
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _until_listening(child, port)
        yield child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def redis() -> Iterator[str]:
    """The address of an empty Redis of our own, kept in memory."""
    port = free_port()
    options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    with running(("redis-server", "--port", str(port), *options), port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def server(kind: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """One of ``benchmarks.servers`` in a process of its own: its process id and its port."""
    port = free_port()
    command = (sys.executable, "-m", "benchmarks.servers", kind, str(port), *arguments)
    with running(command, port) as pid:
        yield pid, port


def _until_listening(child: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while child.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{child.args!r} did not listen on {port}")


def _stat(pid: int) -> list[str]:
    # The name in brackets may hold spaces.
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
