"""Provisioning a real Keycloak again and again, with an administrator in between."""

from collections.abc import Callable
from typing import Any

from idp_bridge.keycloak.provisioning import Verb
from tests.live.realms.provisioned import provision
from tests.live.realms.signing_in import TrialRealm, Visitor


def the_client(trial: TrialRealm, client_id: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = trial.api.get(
        f"/realms/{trial.name}/clients?clientId={client_id}"
    )
    return found[0]


def test_twice_is_the_same_as_once(trial: TrialRealm) -> None:
    assert provision(trial) == []


def test_what_an_administrator_changed_is_reported_kept_and_put_back_when_asked(
    trial: TrialRealm,
) -> None:
    realm = f"/realms/{trial.name}"
    trial.api.put(realm, {"failureFactor": 9})

    [drift] = provision(trial)

    assert (drift.verb, drift.path, drift.before) == (Verb.DRIFT, "failureFactor", "9")
    assert trial.api.get(realm)["failureFactor"] == 9
    assert [line.verb for line in provision(trial, overwrite=True)] == [Verb.CHANGE]
    assert trial.api.get(realm)["failureFactor"] == 5


def test_a_role_taken_from_an_app_by_hand_stays_taken(trial: TrialRealm) -> None:
    client = the_client(trial, "legal-aid")
    role = trial.api.get(f"/realms/{trial.name}/clients/{client['id']}/roles/applicant")
    composites = f"/realms/{trial.name}/roles/resident/composites"
    trial.api.delete(composites, [role])

    [line] = provision(trial)

    assert line.verb is Verb.REMOVED
    assert role["id"] not in {held["id"] for held in trial.api.get(composites)}
    assert [line.verb for line in provision(trial, overwrite=True)] == [Verb.CREATE]


def test_what_an_administrator_added_is_not_touched(trial: TrialRealm) -> None:
    base = f"/realms/{trial.name}"
    trial.api.post(f"{base}/roles", {"name": "by-hand"})
    client = the_client(trial, "legal-aid")
    attributes = client["attributes"] | {"by.hand": "yes"}
    trial.api.put(f"{base}/clients/{client['id']}", client | {"attributes": attributes})

    assert provision(trial, overwrite=True) == []
    assert trial.api.get(f"{base}/roles/by-hand") is not None
    assert the_client(trial, "legal-aid")["attributes"]["by.hand"] == "yes"


def test_a_suspended_app_is_not_woken_up(trial: TrialRealm) -> None:
    client = the_client(trial, "house-codes")
    path = f"/realms/{trial.name}/clients/{client['id']}"
    trial.api.put(path, client | {"enabled": False})

    assert provision(trial, overwrite=True) == []
    assert trial.api.get(path)["enabled"] is False
    trial.api.put(path, trial.api.get(path) | {"enabled": True})


def test_a_plan_changes_nothing(trial: TrialRealm) -> None:
    other = {"roles": {"resident": {"description": "居民 Resident"}, "newcomer": {}}}

    [line] = provision(trial, other=other, apply=False)

    assert str(line) == "+ role newcomer"
    assert trial.api.get(f"/realms/{trial.name}/roles/newcomer") is None


def test_a_changed_sign_in_flow_takes_the_place_of_the_old_one(
    trial: TrialRealm, visit: Callable[..., Visitor]
) -> None:
    denies = {"run": "deny-access-authenticator", "requirement": "REQUIRED"}
    provision(trial, other={"flows": [{"alias": "bridge browser", "steps": [denies]}]})
    trial.op.signs_in(None)
    assert visit().at().level is None
    assert trial.op.asked == []

    provision(trial)

    _, subject = trial.person()
    trial.op.signs_in(subject)
    assert visit().at().level == "qr"
    assert provision(trial) == []


def test_two_apps_know_a_resident_under_different_subjects(trial: TrialRealm) -> None:
    _, subject = trial.person()

    def known_as(client_id: str) -> str:
        client = the_client(trial, client_id)
        tokens = f"clients/{client['id']}/evaluate-scopes/generate-example-id-token"
        query = f"userId={subject}&scope=openid"
        return str(trial.api.get(f"/realms/{trial.name}/{tokens}?{query}")["sub"])

    subjects = {known_as(client) for client in ("legal-aid", "house-codes", "resident-portal")}
    assert len(subjects) == 3
    assert known_as("resident-portal") == subject
