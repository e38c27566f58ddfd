"""The real stack that people sign in to: one that runs already, or one made for this run."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import descendants
from idp_bridge.local.errors import PortTaken
from idp_bridge.local.folder import Folder
from idp_bridge.local.ports import require_free
from idp_bridge.settings import Settings, load

# Every sign-in of the run comes from one address, and nobody has to think.
_MORE = "qr: {starts_per_address: 100000, think_time: 0}\n"
_SPAN = 60


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the stack is, who lives there and which processes the CPU time is read of."""

    status: dict[str, Any]
    settings: Settings
    bridge: int
    keycloak: int
    version: str

    def resident(self) -> dict[str, Any]:
        """The first demo resident."""
        found: dict[str, Any] = next(
            person for person in self.status["people"] if person["realm"] == "residents"
        )
        return found


@contextmanager
def real_stack() -> Iterator[Stack]:
    """``IDP_BRIDGE_STACK`` names the data folder of a running one; it is left as it is."""
    with ExitStack() as stack:
        if running := os.environ.get("IDP_BRIDGE_STACK"):
            yield _at(Path(running))
            return
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        data, more = folder / "data", folder / "more.yaml"
        more.write_text(_MORE, encoding="utf-8")
        stack.callback(_idp_bridge, "down", "--data", str(data))
        base = ("--port-base", str(_free_base()), "--config", str(more))
        _idp_bridge("up", "--detach", "--data", str(data), *base)
        yield _at(data)


def _at(data: Path) -> Stack:
    folder = Folder.at(data)
    status = json.loads(_idp_bridge("status", "--json", "--data", str(data)))
    below = descendants(folder.holder() or 0)
    return Stack(
        status=status,
        settings=load(folder.file("bridge.yaml"), {}),
        bridge=next(pid for pid, command in below.items() if " serve --config " in command),
        keycloak=next(pid for pid, command in below.items() if "/bin/java " in command),
        version=(folder.part("keycloak") / "version.txt").read_text(encoding="utf-8").strip(),
    )


def _idp_bridge(*arguments: str) -> str:
    done = subprocess.run(
        (sys.executable, "-m", "idp_bridge", *arguments),
        stdout=subprocess.PIPE,
        text=True,
        timeout=900,
        check=True,
        env={k: v for k, v in os.environ.items() if k != "IDP_BRIDGE_STACK"},
    )
    return done.stdout


def _free_base() -> int:
    return next(base for base in range(40000, 60000, 100) if _is_free(base))


def _is_free(base: int) -> bool:
    try:
        require_free([("a part", base + offset) for offset in range(_SPAN)], "127.0.0.1")
    except PortTaken:
        return False
    return True
