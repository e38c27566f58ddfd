"""Which Keycloak is taken, and how a stack's own copy of it is made."""

from pathlib import Path

import pytest

from idp_bridge.local.artifacts import KEYCLOAK_VERSION, keycloak_home
from idp_bridge.local.errors import WrongInput
from idp_bridge.local.folder import Folder
from idp_bridge.local.java import java_home, version_of
from idp_bridge.local.keycloak_server import install, link_themes


def distribution(at: Path, version: str) -> Path:
    """Shaped like the real one."""
    for name in (
        "bin/kc.sh",
        "lib/lib/main/some.jar",
        "lib/quarkus/built.dat",
        "conf/keycloak.conf",
    ):
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(version)
    (at / "themes").mkdir()
    (at / "version.txt").write_text(f"Keycloak - Version {version}\n")
    return at


def taken(home: Path) -> Path:
    return keycloak_home(str(home), lambda name: pytest.fail("downloads"), print)


@pytest.mark.parametrize("version", [KEYCLOAK_VERSION, "26.7.2", "26.7.11"])
def test_a_keycloak_of_the_operators_own_is_taken(tmp_path: Path, version: str) -> None:
    assert taken(distribution(tmp_path, version)) == tmp_path


@pytest.mark.parametrize("version", ["26.7.1", "26.6.9", "27.0.0", "nightly"])
def test_a_keycloak_that_may_not_be_used_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(WrongInput, match="KEYCLOAK_HOME"):
        taken(distribution(tmp_path, version))


def test_a_folder_without_keycloak_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="no Keycloak distribution"):
        taken(tmp_path)


def test_what_keycloak_writes_is_copied_and_the_rest_takes_no_room(tmp_path: Path) -> None:
    home = distribution(tmp_path / "home", "26.7.4")

    copy = install(home, Folder.at(tmp_path / "data"))

    assert (copy / "lib/lib/main/some.jar").samefile(home / "lib/lib/main/some.jar")
    assert not (copy / "lib/quarkus/built.dat").samefile(home / "lib/quarkus/built.dat")
    assert not (copy / "conf/keycloak.conf").samefile(home / "conf/keycloak.conf")


def test_a_newer_keycloak_goes_on_with_the_database_of_the_older(tmp_path: Path) -> None:
    folder = Folder.at(tmp_path / "data")
    copy = install(distribution(tmp_path / "old", "26.7.3"), folder)
    (copy / "data").mkdir()
    (copy / "data/h2").write_text("people")

    newer = install(distribution(tmp_path / "new", "26.7.4"), folder)

    assert (newer / "bin/kc.sh").read_text() == "26.7.4"
    assert (newer / "data/h2").read_text() == "people"


def test_themes_are_linked_again_at_every_start(tmp_path: Path) -> None:
    copy = install(distribution(tmp_path / "home", "26.7.4"), Folder.at(tmp_path / "data"))
    (tmp_path / "themes/idp-bridge/login").mkdir(parents=True)

    for _ in range(2):
        link_themes(tmp_path / "themes", copy)

    assert (copy / "themes/idp-bridge").resolve() == (tmp_path / "themes/idp-bridge").resolve()


def test_the_java_that_is_chosen_is_new_enough() -> None:
    assert version_of(java_home()) >= 21


def test_a_folder_without_java_has_no_version(tmp_path: Path) -> None:
    assert version_of(tmp_path) == 0
