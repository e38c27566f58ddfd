"""The commands on a whole stack: bring it up here or in the background, take it down, reset it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from idp_bridge.local.console import Terminal
from idp_bridge.local.errors import AlreadyRunning, ChildFailed, StackError, WrongInput
from idp_bridge.local.folder import Folder
from idp_bridge.local.leftovers import Leftovers
from idp_bridge.local.plan import Options, make_plan
from idp_bridge.local.stack import Stack
from idp_bridge.local.status import current, describe
from idp_bridge.local.supervisor import last_lines

_LOOK_AGAIN = 0.1
_UP_PATIENCE = 1800.0
_DOWN_PATIENCE = 90.0


def up(options: Options) -> None:
    """Run a stack in this process until it is told to stop."""
    terminal = Terminal()
    folder = Folder.at(options.data)
    refuse_second(folder)
    plan = make_plan(options)

    def on_ready() -> None:
        terminal.say("Everything is up. Ctrl-C stops it")
        terminal.addresses(describe(plan, ready=True))

    Stack(plan, terminal.say, terminal.show).run(on_ready)


def up_detached(options: Options, arguments: Sequence[str]) -> None:
    """Start a process of its own that runs ``up`` with these arguments; wait until it is ready."""
    terminal = Terminal()
    folder = Folder.at(options.data)
    refuse_second(folder)
    log = folder.log("up")
    with log.open("wb") as out:
        child = subprocess.Popen(
            (sys.executable, "-m", "idp_bridge", "up", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    terminal.say(f"Starting in the background; what it says is in {log}")
    _until(lambda: child.poll() is not None or _is_ready(folder, child.pid), _UP_PATIENCE)
    if child.poll() is not None:
        raise _same_failure(child.returncode, last_lines(log, 1))
    if not _is_ready(folder, child.pid):
        child.terminate()
        raise ChildFailed(f"The stack was not ready in time. Its log: {log}")
    terminal.addresses(current(folder))


def refuse_second(folder: Folder) -> None:
    """Say so before anything is prepared; the lock itself is taken later."""
    if (holder := folder.holder()) is not None:
        raise AlreadyRunning(
            f"A stack is running on {folder.path} already (process {holder}). "
            "Stop it with: idp-bridge down"
        )


def _is_ready(folder: Folder, runner: int) -> bool:
    status = folder.read("status.json") or {}
    return folder.holder() == runner and bool(status.get("ready"))


def _same_failure(code: int, last: list[str]) -> StackError:
    """The sentence and the exit code of the process in the background."""
    sentence = last[0].removeprefix("idp-bridge: ") if last else "The stack ended while starting"
    failure = StackError(sentence)
    failure.exit_code = code or 1
    return failure


def down(folder: Folder) -> str:
    """Stop the stack of this folder; the sentence says what was there to stop."""
    holder = folder.holder()
    if holder is None:
        ended = Leftovers(folder).end()
        left = f"; {ended} servers that were left behind are ended" if ended else ""
        return f"No stack is running on {folder.path}{left}"
    os.kill(holder, signal.SIGTERM)
    if not _until(lambda: folder.holder() is None, _DOWN_PATIENCE):
        raise StackError(f"Process {holder} does not stop")
    return f"The stack on {folder.path} is stopped; its data is kept"


def reset(folder: Folder) -> str:
    """Stop the stack and delete everything that it wrote."""
    if not folder.path.exists():
        return f"There is nothing in {folder.path}"
    if not folder.file("secrets.json").exists():
        raise WrongInput(f"{folder.path} holds no stack; nothing was deleted")
    down(folder)
    shutil.rmtree(folder.path)
    return f"{folder.path} is deleted; the next `idp-bridge up` starts afresh"


def _until(condition: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_AGAIN)
    return True
