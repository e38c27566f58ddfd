"""Process groups of a stack, written down to find what a killed supervisor leaves behind."""

import contextlib
import os
import signal
import subprocess
import time

from idp_bridge.local.folder import Folder

_FILE = "children.json"
_PATIENCE = 10.0


class Leftovers:
    """The groups of one data folder. A number alone is not enough: the system uses it again."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def remember(self, leader: int) -> None:
        known: dict[str, str] = self._folder.read(_FILE) or {}
        known[str(leader)] = _started(leader)
        self._folder.write(_FILE, known)

    def forget(self) -> None:
        self._folder.file(_FILE).unlink(missing_ok=True)

    def end(self) -> int:
        """End what an earlier supervisor left behind; how many groups that were."""
        known: dict[str, str] = self._folder.read(_FILE) or {}
        alive = [int(pid) for pid, began in known.items() if began and _started(int(pid)) == began]
        for number in (signal.SIGTERM, signal.SIGKILL):
            for leader in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(leader, number)
            _wait_for_end(alive, known)
        self.forget()
        return len(alive)


def _started(pid: int) -> str:
    """When a process began, as the system tells it; empty when there is none."""
    told = subprocess.run(
        ("ps", "-o", "lstart=", "-p", str(pid)), capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def _wait_for_end(leaders: list[int], known: dict[str, str]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if not any(_started(leader) == known[str(leader)] for leader in leaders):
            return
        time.sleep(0.1)
