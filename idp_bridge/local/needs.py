"""What an example app needs beyond Python, and whether this machine has it.

`needs.yaml` in the example's folder names programs on the PATH, files, and Python modules. An
example that lacks something is left out whole: not registered, not started, not shown as an app.
"""

import importlib.util
import shutil
import sys
from pathlib import Path

import yaml

NEEDS = "needs.yaml"
_FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin"


def missing(example: Path) -> tuple[str, ...]:
    """What is not there, by name; empty when the example can run."""
    file = example / NEEDS
    if not file.exists():
        return ()
    needs = yaml.safe_load(file.read_text(encoding="utf-8"))
    programs = [name for name in needs.get("programs", ()) if find_program(name) is None]
    files = [Path(path).name for path in needs.get("files", ()) if not Path(path).exists()]
    modules = [name for name in needs.get("modules", ()) if not importlib.util.find_spec(name)]
    return (*programs, *files, *modules)


def find_program(name: str) -> str | None:
    """A program's path. Wheels put theirs beside Python; servers are often in folders that only
    root's PATH has."""
    folders = f"{Path(sys.executable).parent}:{_FOLDERS}"
    return shutil.which(name) or shutil.which(name, path=folders)
