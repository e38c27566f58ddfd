r"""Starts servers, waits until each is ready, and ends all of them when one ends or we are told to.

    start --ready--> running --told to stop--> ended, nothing left
      \                  \
       \--too slow        \--a child ends by itself
        \-----------------> ChildFailed with the last lines of its log

Each child leads a process group of its own, so that its children end with it. The groups are
written down: what a killed supervisor leaves behind is ended by the next one.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from idp_bridge.local.errors import ChildFailed, DiskFull
from idp_bridge.local.leftovers import Leftovers

Ready = Callable[[], Awaitable[bool]]

_LOOK_AGAIN = 0.25
_NOT_FOR_CHILDREN = {"IDP_BRIDGE_DATA", "IDP_BRIDGE_STACK"}
_DISK_FULL = "No space left on device"


@dataclass(frozen=True, slots=True)
class Program:
    """A server to run. ``ready`` is asked again and again until it says yes."""

    name: str
    command: tuple[str, ...]
    log: Path
    ready: Ready
    environment: Mapping[str, str] = field(default_factory=dict)
    patience: timedelta = timedelta(seconds=60)
    grace: timedelta = timedelta(seconds=10)


class Supervisor:
    """The children of one stack."""

    def __init__(self, leftovers: Leftovers) -> None:
        self._leftovers = leftovers
        self._children: list[tuple[Program, asyncio.subprocess.Process]] = []
        self._spawning = asyncio.Lock()
        self._stopping = False

    async def start(self, program: Program) -> None:
        """Start a server and wait until it is ready. Raises ``ChildFailed`` when it never is."""
        child = await self._spawn(program)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + program.patience.total_seconds()
        while not await program.ready():
            if child.returncode is not None:
                raise _failure(program, f"ended with code {child.returncode} while starting")
            if loop.time() > deadline:
                seconds = int(program.patience.total_seconds())
                raise _failure(program, f"was not ready within {seconds} seconds")
            await asyncio.sleep(_LOOK_AGAIN)

    async def run(self, program: Program) -> None:
        """Run something that ends by itself, such as a set-up step, and wait for its end."""
        child = await self._spawn(program)
        code = await child.wait()
        self._children.remove((program, child))
        if code != 0:
            raise _failure(program, f"failed with code {code}")

    async def watch(self) -> None:
        """Wait until a child ends by itself, which is always a failure."""
        waits = {asyncio.create_task(c.wait()): p for p, c in self._children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        ended = next(iter(done))
        raise _failure(waits[ended], f"ended by itself with code {ended.result()}")

    async def stop(self) -> None:
        """End all children, the newest first; returns when nothing of them is left."""
        self._stopping = True
        async with self._spawning:
            for program, child in reversed(self._children):
                await _end(child, program.grace)
            self._children.clear()
            self._leftovers.forget()

    async def _spawn(self, program: Program) -> asyncio.subprocess.Process:
        # Whoever waits here may be cancelled; a child that was begun is always on the list.
        return await asyncio.shield(self._spawn_once(program))

    async def _spawn_once(self, program: Program) -> asyncio.subprocess.Process:
        async with self._spawning:
            if self._stopping:
                raise ChildFailed(f"{program.name} was not started: the stack is stopping")
            return await self._begin(program)

    async def _begin(self, program: Program) -> asyncio.subprocess.Process:
        with program.log.open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**_inherited(), **program.environment},
                start_new_session=True,
            )
        self._children.append((program, child))
        self._leftovers.remember(child.pid)
        return child


def _inherited() -> dict[str, str]:
    """Our environment without what only the command line reads."""
    return {name: value for name, value in os.environ.items() if name not in _NOT_FOR_CHILDREN}


async def _end(child: asyncio.subprocess.Process, grace: timedelta) -> None:
    _signal_group(child.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), grace.total_seconds())
    # Whoever of the group did not listen, grandchildren included.
    _signal_group(child.pid, signal.SIGKILL)
    await child.wait()


def _signal_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)


def _failure(program: Program, what: str) -> ChildFailed | DiskFull:
    tail = last_lines(program.log, 200)
    if any(_DISK_FULL in line for line in tail):
        return DiskFull(f"The disk is full: {program.name} {what}. Make room and start again")
    said = f' Its last words: "{tail[-1]}".' if tail else ""
    return ChildFailed(f"{program.name} {what}.{said} Its log: {program.log}")


def last_lines(log: Path, count: int) -> list[str]:
    """The last lines of a log that are not empty."""
    if not log.exists():
        return []
    with log.open("rb") as opened:
        opened.seek(max(0, log.stat().st_size - 64_000))
        lines = opened.read().decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip()][-count:]
