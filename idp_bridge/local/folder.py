"""The data folder: where everything of one stack is written, and who may be in it.

bridge.yaml  values.json  people.json  secrets.json    generated, readable by the owner only
status.json                                            what `idp-bridge status` tells
up.lock                                                held as long as the stack runs
keycloak/ redis/ ldap/ keys/ ca/ logs/                 one folder per part
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp_bridge.local.errors import AlreadyRunning, DiskFull

DEFAULT = Path("data")
_MARK = "up.lock"


@dataclass(frozen=True, slots=True)
class Folder:
    """One data folder; ``path`` is absolute."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "Folder":
        return cls(path.expanduser().resolve())

    def part(self, name: str) -> Path:
        """The folder of one part, made when missing."""
        part = self.path / name
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
        return part

    def log(self, name: str) -> Path:
        return self.part("logs") / f"{name}.log"

    def file(self, name: str) -> Path:
        return self.path / name

    def read(self, name: str) -> Any:
        """A JSON file of ours, or None when there is none yet."""
        file = self.file(name)
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def write(self, name: str, value: Any) -> Path:
        return self.write_text(name, json.dumps(value, ensure_ascii=False, indent=1))

    def write_text(self, name: str, text: str) -> Path:
        """Replace a file in one step; nobody but the owner reads it."""
        file = self.file(name)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_name(f"{file.name}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(text)
        fresh.replace(file)
        return file

    def require_room(self, megabytes: int) -> None:
        """Raise ``DiskFull`` when less than this is free."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(self.path).free // 1_000_000
        if free < megabytes:
            raise DiskFull(
                f"The disk of {self.path} has {free} MB left and the stack needs {megabytes} MB. "
                "Make room, or choose another folder: idp-bridge up --data DIR"
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for one running stack; it is free again even after a crash."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.file(_MARK), "a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise AlreadyRunning(
                    f"A stack is running on {self.path} already (process {self.holder()}). "
                    "Stop it with: idp-bridge down"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
            lock.truncate(0)

    def holder(self) -> int | None:
        """The process that runs a stack here, or None."""
        file = self.file(_MARK)
        if not file.exists():
            return None
        with open(file, encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(lock.read() or 0) or None
        return None
