"""An app from its manifest to its retirement, on a real Keycloak, by the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from idp_bridge.keycloak.provisioning.app_state import set_state, state_of
from tests.live.apps.conftest import TrialApp, admitted
from tests.waiting import within

Lines = Callable[[], list[str]]
MANIFESTS = Path(__file__).parents[3] / "realms" / "apps"
REALMS = ("residents", "workers")
GRIDS = {f"/baoan/xixiang/gongle/grid-{n}/grid-worker" for n in (12, 13)}


def test_a_plan_says_who_would_get_in_and_changes_nothing(trial: TrialApp, said: Lines) -> None:
    trial.run("plan", trial.file())

    told = said()
    assert f"+ workers: client {trial.id}" in told
    assert f"workers: 1 gain role {trial.id}/handler once admitted" in told
    # Who it is is said at a prompt only, and this is none.
    assert "chenjing" not in "\n".join(told)
    assert trial.client("workers") is None


def test_a_draft_is_given_to_nobody_and_applying_it_again_changes_nothing(
    trial: TrialApp, said: Lines
) -> None:
    trial.run("apply", trial.file())
    assert trial.holders("workers", "viewer") == (set(), set())
    said()

    trial.run("apply", trial.file())

    assert said() == ["Nothing to do."]


def test_an_admitted_app_is_given_to_whom_its_manifest_names(standing: TrialApp) -> None:
    assert standing.holders("workers", "viewer") == ({"staff"}, set())
    assert standing.holders("residents", "reader") == ({"resident"}, set())


def test_a_role_limited_to_an_org_unit_is_given_to_posts_in_it_only(standing: TrialApp) -> None:
    assert standing.holders("workers", "handler") == (set(), GRIDS)


def test_what_a_manifest_no_longer_gives_is_taken_back_and_what_was_added_by_hand_stays(
    trial: TrialApp, said: Lines
) -> None:
    admitted(trial)
    client = trial.client("workers")
    assert client is not None
    role = trial.api.get(f"/realms/workers/clients/{client['id']}/roles/viewer")
    trial.api.post("/realms/workers/roles/leader/composites", [role])
    trial.declared["roles"]["workers"]["viewer"]["from"] = []
    said()

    trial.run("plan", trial.file())
    assert any("lose role" in line and "once admitted" not in line for line in said())
    trial.run("apply", trial.file())

    assert said() == [f"- workers: role staff gives {trial.id}/viewer"]
    assert trial.holders("workers", "viewer") == ({"leader"}, set())


def test_a_suspended_app_is_closed_in_both_realms_and_not_woken_up_by_applying(
    trial: TrialApp,
) -> None:
    trial.run("apply", trial.file())
    trial.run("suspend", trial.id)
    trial.run("apply", trial.file(), "--overwrite")
    assert [trial.client(realm)["enabled"] for realm in REALMS] == [False, False]  # type: ignore[index]

    trial.run("resume", trial.id)

    assert [trial.client(realm)["enabled"] for realm in REALMS] == [True, True]  # type: ignore[index]


def test_an_app_disabled_in_one_realm_in_the_console_is_closed_in_the_other_within_two_seconds(
    trial: TrialApp,
) -> None:
    trial.run("apply", trial.file())
    client = trial.client("residents")
    assert client is not None

    trial.api.put(f"/realms/residents/clients/{client['id']}", client | {"enabled": False})

    assert within(2, lambda: trial.client("workers")["enabled"] is False)  # type: ignore[index]


def test_of_unequal_twins_the_stricter_state_wins(trial: TrialApp, said: Lines) -> None:
    set_state(admitted(trial).api, "/realms/residents", trial.id, "draft")
    said()

    trial.run("list", "--json")
    [listed] = [app for app in json.loads("\n".join(said())) if app["client_id"] == trial.id]
    assert listed["states"] == {"residents": "draft", "workers": "admitted"}
    trial.run("apply", trial.file())

    assert said() == [f"~ workers: client {trial.id} state: admitted -> draft"]
    assert state_of(trial.api, "/realms/workers", trial.id) == "draft"


def test_every_app_of_the_stack_can_be_exported_and_applied_without_a_difference(
    standing: TrialApp, said: Lines, tmp_path: Path, stack: dict[str, Any]
) -> None:
    standing.run("list", "--json")
    listed = {app["client_id"] for app in json.loads("\n".join(said()))}
    ours = sorted(listed & {standing.id, *(file.stem for file in MANIFESTS.glob("*.yaml"))})
    for app in ours:
        standing.run("export", app)
        (tmp_path / f"{app}.yaml").write_text("\n".join(said()), encoding="utf-8")

    secrets = str(Path(stack["data"]) / "values.json")
    standing.run("plan", *(str(tmp_path / f"{app}.yaml") for app in ours), "--values", secrets)

    assert said() == ["Nothing to do."]
    exported = yaml.safe_load((tmp_path / f"{standing.id}.yaml").read_text(encoding="utf-8"))
    assert exported["roles"]["workers"]["handler"]["from"] == [
        {"role": "grid-worker", "org": "/baoan/xixiang/gongle"}
    ]


def test_a_retired_app_leaves_nothing_behind(trial: TrialApp, said: Lines) -> None:
    admitted(trial)
    assert trial.id in everything(trial)

    trial.run("retire", trial.id, "--yes")

    assert trial.id not in everything(trial)


def everything(trial: TrialApp) -> str:
    """All that Keycloak holds in both realms, people of machines included."""
    found: list[Any] = []
    for realm in REALMS:
        base = f"/realms/{realm}"
        options = "exportClients=true&exportGroupsAndRoles=true"
        found.append(trial.api.post(f"{base}/partial-export?{options}"))
        found.append(trial.api.get(f"{base}/users?max=1000&search=service-account-{trial.id}"))
    return json.dumps(found)


def test_a_machine_has_its_roles_in_its_org_units_and_nothing_else(standing: TrialApp) -> None:
    machine = standing.client("workers", standing.machine)
    assert machine is not None
    user = standing.api.get(f"/realms/workers/clients/{machine['id']}/service-account-user")

    token = example_token(standing, machine["id"], user["id"], kind="access")

    assert token["resource_access"] == {standing.id: {"roles": ["viewer"]}}
    assert token["groups"] == ["/baoan/xixiang/viewer"]
    assert token["aud"] == standing.id
    assert "realm_access" not in token


def test_an_app_that_names_no_claims_is_told_no_name_and_no_posts_even_if_it_asks(
    standing: TrialApp,
) -> None:
    client = standing.client("workers")
    [user] = standing.api.get("/realms/workers/users?username=chenjing&exact=true")
    assert client is not None

    token = example_token(standing, client["id"], user["id"], scope="openid profile")

    personal = {"name", "preferred_username", "given_name", "family_name", "email", "groups"}
    assert not personal & set(token)
    assert token["resource_access"] == {standing.id: {"roles": ["handler"]}}


def example_token(
    trial: TrialApp, client: str, user: str, *, kind: str = "id", scope: str = "openid"
) -> dict[str, Any]:
    """What Keycloak would put into a token of ``client`` for ``user``."""
    path = f"/realms/workers/clients/{client}/evaluate-scopes/generate-example-{kind}-token"
    found: dict[str, Any] = trial.api.get(f"{path}?userId={user}&scope={scope.replace(' ', '%20')}")
    return found
