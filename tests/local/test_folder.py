"""The data folder: private files, one stack at a time, room on the disk."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from idp_bridge.local.errors import AlreadyRunning, DiskFull
from idp_bridge.local.folder import Folder
from idp_bridge.local.secrets import kept_credentials, kept_secrets

PEOPLE = [
    {"username": "zhangwei", "realm": "residents"},
    {"username": "adminlin", "realm": "workers", "roles": ["bridge-admin"]},
]


def test_files_with_secrets_are_readable_by_the_owner_only(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path / "data")
    os.umask(0o000)

    kept_secrets(folder, ["redis"])
    kept_credentials(folder, PEOPLE)

    for name in ("secrets.json", "people.json"):
        assert stat.S_IMODE(folder.file(name).stat().st_mode) == 0o600


def test_secrets_and_passwords_stay_the_same_in_one_folder(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path)

    first = kept_secrets(folder, ["redis"]), kept_credentials(folder, PEOPLE)
    more = kept_secrets(folder, ["redis", "new"])

    assert more["redis"] == first[0]["redis"]
    assert len(more["new"]) >= 32
    assert kept_credentials(folder, PEOPLE) == first[1]


def test_only_administrators_get_a_second_factor(tmp_path: Path) -> None:
    people = kept_credentials(Folder.at(tmp_path), PEOPLE)

    assert len(people["adminlin"]["totp"]) == 32
    assert "totp" not in people["zhangwei"]


def test_a_second_stack_on_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path)

    with folder.held():
        assert folder.holder() == os.getpid()
        with pytest.raises(AlreadyRunning, match=str(os.getpid())), Folder.at(tmp_path).held():
            pass
    assert folder.holder() is None


def test_a_killed_holder_frees_the_folder(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys\nfrom idp_bridge.local.folder import Folder\n"
        "with Folder.at(pathlib.Path(sys.argv[1])).held(): os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run((sys.executable, "-c", script, str(tmp_path)), check=False)

    assert killed.returncode == -9
    with Folder.at(tmp_path).held():
        pass


def test_a_small_disk_says_how_much_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="needs 900000000 MB"):
        Folder.at(tmp_path).require_room(900_000_000)
