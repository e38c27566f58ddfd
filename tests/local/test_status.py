"""`status` and its neighbours on the command line."""

import json
from pathlib import Path

import pytest

from idp_bridge.__main__ import main
from idp_bridge.local.control import down, reset
from idp_bridge.local.errors import NotRunning, WrongInput
from idp_bridge.local.folder import Folder
from idp_bridge.local.plan import Options, make_plan
from idp_bridge.local.status import current, describe, keep


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    plan = make_plan(Options(tmp_path / "data", 9000))
    keep(plan.folder, describe(plan, ready=True))
    return plan.folder


def test_a_stack_is_ready_only_while_its_supervisor_lives(folder: Folder) -> None:
    with folder.held():
        assert current(folder)["ready"]
    assert not current(folder)["ready"]


def test_scripts_find_addresses_people_and_apps(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["status", "--json", "--data", str(folder.path)])
    status = json.loads(capsys.readouterr().out)

    assert code == NotRunning.exit_code
    assert status["urls"]["op_issuer"] == "http://localhost:9000"
    assert {"username", "password", "name", "realm", "roles", "groups"} <= set(status["people"][0])
    assert {"id", "name", "url", "protocol", "realm", "roles"} <= set(status["apps"][0])
    assert status["realms"]["residents"]["issuer"].endswith("/kc-9000/realms/residents")


def test_an_app_of_both_realms_is_told_twice(folder: Folder) -> None:
    realms = {app["realm"] for app in current(folder)["apps"] if app["id"] == "house-codes"}

    assert realms == {"residents", "workers"}


def test_roles_that_come_from_posts_are_told_too(folder: Folder) -> None:
    (chen,) = [p for p in current(folder)["people"] if p["username"] == "chenjing"]

    assert {"grid-worker", "counsellor"} <= set(chen["roles"])


def test_status_without_a_stack_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["status", "--data", str(tmp_path)])

    assert code == NotRunning.exit_code
    assert "There is no stack in" in capsys.readouterr().err


def test_down_without_a_stack_is_no_failure(folder: Folder) -> None:
    assert "No stack is running" in down(folder)


def test_reset_deletes_a_stack(folder: Folder) -> None:
    reset(folder)

    assert not folder.path.exists()


def test_reset_leaves_a_folder_that_is_no_stack_alone(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()

    with pytest.raises(WrongInput, match="nothing was deleted"):
        reset(Folder.at(tmp_path))
    assert (tmp_path / "photos").exists()
