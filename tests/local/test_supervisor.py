"""Children: started, watched, and ended with all that they started themselves."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from idp_bridge.local.errors import ChildFailed, DiskFull
from idp_bridge.local.folder import Folder
from idp_bridge.local.leftovers import Leftovers
from idp_bridge.local.supervisor import Program, Supervisor

FOREVER = "import signal\nwhile True: signal.pause()"
# Ignores SIGTERM, and so does the child it starts; both write their numbers down.
STUBBORN = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
name = "grandchild" if child == 0 else "child"
pathlib.Path(sys.argv[1], name).write_text(str(os.getpid()))
while True: signal.pause()
"""


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    made = Supervisor(Leftovers(Folder.at(tmp_path)))
    yield made
    await made.stop()


def program(tmp_path: Path, script: str, *written: str, **more: object) -> Program:
    """Ready when it wrote these files."""

    async def ready() -> bool:
        return all((tmp_path / name).exists() for name in written)

    command = (sys.executable, "-c", script, str(tmp_path))
    log = tmp_path / "log"
    return Program("The server", command, log, ready, **more)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    """A zombie is not: its parent has only not asked yet."""
    told = subprocess.run(
        ("ps", "-o", "stat=", "-p", str(pid)), capture_output=True, text=True, check=False
    )
    return bool(told.stdout.strip()) and not told.stdout.startswith("Z")


async def test_grandchildren_that_ignore_sigterm_end_too(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    stubborn = program(tmp_path, STUBBORN, "child", "grandchild", grace=timedelta(milliseconds=200))
    await supervisor.start(stubborn)
    pids = [int((tmp_path / name).read_text()) for name in ("child", "grandchild")]
    assert all(is_alive(pid) for pid in pids)

    await supervisor.stop()

    assert not any(is_alive(pid) for pid in pids)


async def test_a_child_that_ends_by_itself_is_told_with_its_last_words(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(
        program(tmp_path, "print('the database is broken'); raise SystemExit(3)")
    )

    with pytest.raises(ChildFailed) as failure:
        await supervisor.watch()

    assert "The server ended by itself with code 3" in str(failure.value)
    assert "the database is broken" in str(failure.value)
    assert str(tmp_path / "log") in str(failure.value)


async def test_a_child_that_dies_while_starting_is_not_waited_for(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    with pytest.raises(ChildFailed, match="ended with code 1 while starting"):
        await supervisor.start(program(tmp_path, "raise SystemExit(1)", "never"))


async def test_a_child_that_is_never_ready_is_given_up(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    slow = program(tmp_path, FOREVER, "never", patience=timedelta(0))

    with pytest.raises(ChildFailed, match="was not ready within"):
        await supervisor.start(slow)


async def test_a_child_that_fills_the_disk_is_told_as_a_full_disk(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    full = program(tmp_path, "open('/dev/full', 'wb', buffering=0).write(b'x')", "never")

    with pytest.raises(DiskFull, match="disk is full"):
        await supervisor.start(full)


async def test_a_set_up_step_that_fails_is_told(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.run(program(tmp_path, "pass"))

    with pytest.raises(ChildFailed, match="failed with code 2"):
        await supervisor.run(program(tmp_path, "raise SystemExit(2)"))


async def test_nothing_starts_any_more_once_it_is_stopping(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.stop()

    with pytest.raises(ChildFailed, match="is stopping"):
        await supervisor.start(program(tmp_path, FOREVER))


async def test_a_cancelled_start_leaves_nothing_behind(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    stubborn = program(tmp_path, STUBBORN, "never", grace=timedelta(milliseconds=200))
    starting = asyncio.create_task(supervisor.start(stubborn))
    await asyncio.to_thread(wait_for, tmp_path / "grandchild")
    pids = [int((tmp_path / name).read_text()) for name in ("child", "grandchild")]

    starting.cancel()
    await supervisor.stop()

    assert not any(is_alive(pid) for pid in pids)


def wait_for(file: Path) -> None:
    while not file.exists() or not file.read_text():
        os.sched_yield()


def test_what_a_killed_supervisor_left_behind_is_ended_by_the_next(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path)
    orphan = subprocess.Popen((sys.executable, "-c", FOREVER), start_new_session=True)
    Leftovers(folder).remember(orphan.pid)

    assert Leftovers(folder).end() == 1

    assert orphan.wait() == -signal.SIGTERM


def test_a_number_that_the_system_gave_to_another_process_is_left_alone(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path)
    folder.write("children.json", {str(os.getpid()): "Thu Jan  1 00:00:00 1970"})

    assert Leftovers(folder).end() == 0
