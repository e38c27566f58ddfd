"""The table: what each kind of event leads to. Paths are those that Keycloak 26.7 writes."""

import json
from typing import Any

import pytest

from idp_bridge.keycloak.events import C, Effect, of_admin, of_user

USER = "users/u-1"
GROUP = "groups/g-1"


def _event(kind: str, operation: str, path: str | None, said: Any = None) -> dict[str, Any]:
    event = {"resourceType": kind, "operationType": operation, "resourcePath": path}
    return event if said is None else event | {"representation": json.dumps(said)}


TABLE: list[tuple[tuple[str, str, str], list[tuple[C, str]]]] = [
    (("REALM_ROLE_MAPPING", "CREATE", f"{USER}/role-mappings/realm"), [(C.STALE_ACCOUNT, "u-1")]),
    (("REALM_ROLE_MAPPING", "DELETE", f"{USER}/role-mappings/realm"), [(C.END_ACCOUNT, "u-1")]),
    (
        ("CLIENT_ROLE_MAPPING", "CREATE", f"{USER}/role-mappings/clients/c"),
        [(C.STALE_ACCOUNT, "u-1")],
    ),
    (
        ("CLIENT_ROLE_MAPPING", "DELETE", f"{USER}/role-mappings/clients/c"),
        [(C.END_ACCOUNT, "u-1")],
    ),
    (("REALM_ROLE_MAPPING", "CREATE", f"{GROUP}/role-mappings/realm"), [(C.STALE_REALM, "")]),
    (
        ("CLIENT_ROLE_MAPPING", "DELETE", f"{GROUP}/role-mappings/clients/c"),
        [(C.STALE_REALM, ""), (C.END_GROUP, "g-1")],
    ),
    (("GROUP_MEMBERSHIP", "CREATE", f"{USER}/groups/g-1"), [(C.STALE_ACCOUNT, "u-1")]),
    (("GROUP_MEMBERSHIP", "DELETE", f"{USER}/groups/g-1"), [(C.END_ACCOUNT, "u-1")]),
    (("GROUP", "CREATE", f"{GROUP}/children"), [(C.STALE_REALM, "")]),
    (("GROUP", "UPDATE", GROUP), [(C.STALE_REALM, ""), (C.END_GROUP, "g-1")]),
    (("GROUP", "DELETE", GROUP), [(C.STALE_REALM, ""), (C.END_APPS, "")]),
    (("REALM_ROLE", "CREATE", "roles/police/composites"), [(C.STALE_REALM, "")]),
    (
        ("REALM_ROLE", "DELETE", "roles/police/composites"),
        [(C.STALE_REALM, ""), (C.END_HOLDERS, "name:police")],
    ),
    (
        ("REALM_ROLE", "DELETE", "roles-by-id/r-1/composites"),
        [(C.STALE_REALM, ""), (C.END_HOLDERS, "id:r-1")],
    ),
    (
        ("CLIENT_ROLE", "DELETE", "clients/c-1/roles/handler/composites"),
        [(C.STALE_REALM, ""), (C.END_HOLDERS, "")],
    ),
    (
        ("CLIENT_ROLE", "DELETE", "clients/c-1/roles/handler"),
        [(C.STALE_REALM, ""), (C.END_CLIENT, "c-1")],
    ),
    (("REALM_ROLE", "DELETE", "roles/police"), [(C.STALE_REALM, ""), (C.END_APPS, "")]),
    (("REALM_ROLE", "DELETE", "roles-by-id/r-1"), [(C.STALE_REALM, ""), (C.END_APPS, "")]),
    (("USER", "CREATE", USER), [(C.STALE_ACCOUNT, "u-1")]),
    (("USER", "UPDATE", USER), [(C.CHECK_ACCOUNT, "u-1")]),
    (("USER", "DELETE", USER), [(C.END_ACCOUNT, "u-1")]),
    (("USER", "CREATE", f"{USER}/federated-identity/qr"), [(C.STALE_ACCOUNT, "u-1")]),
    (("USER", "DELETE", f"{USER}/federated-identity/qr"), [(C.END_ACCOUNT, "u-1")]),
    (("USER", "ACTION", f"{USER}/logout"), [(C.ACCOUNT_OVER, "u-1")]),
    (("USER", "ACTION", f"{USER}/reset-password"), [(C.END_ACCOUNT, "u-1")]),
    (("USER", "ACTION", f"{USER}/credentials/k-1"), [(C.END_ACCOUNT, "u-1")]),
    (("USER", "ACTION", f"{USER}/execute-actions-email"), [(C.STALE_ACCOUNT, "u-1")]),
    (("USER_SESSION", "DELETE", "sessions/s-1"), [(C.SESSION_OVER, "s-1")]),
    (("USER_LOGIN_FAILURE", "DELETE", "attack-detection/brute-force/users"), []),
    (("CLIENT", "UPDATE", "clients/c-1"), [(C.STALE_REALM, ""), (C.CHECK_CLIENT, "c-1")]),
    (("CLIENT", "DELETE", "clients/c-1"), [(C.STALE_REALM, "")]),
    (("REALM", "ACTION", "logout-all"), [(C.REALM_OVER, "")]),
    (("REALM", "UPDATE", ""), [(C.STALE_REALM, ""), (C.CHECK_REALM, "")]),
    (("REALM", "UPDATE", "events/config"), [(C.STALE_REALM, ""), (C.CHECK_REALM, "")]),
    (("PROTOCOL_MAPPER", "UPDATE", "clients/c/protocol-mappers/m"), [(C.STALE_REALM, "")]),
    (("SOMETHING_NEW", "EXPLODE", "who/knows"), [(C.STALE_REALM, "")]),
]


@pytest.mark.parametrize(("event", "expected"), TABLE, ids=lambda row: " ".join(map(str, row)))
def test_an_administrators_act_leads_to(
    event: tuple[str, str, str], expected: list[tuple[C, str]]
) -> None:
    assert [(e.what, e.target) for e in of_admin(_event(*event))] == expected


def test_a_realm_update_without_a_path_is_understood() -> None:
    effects = of_admin(_event("REALM", "UPDATE", None))
    assert C.CHECK_REALM in [effect.what for effect in effects]


def test_a_moved_group_is_named_by_what_was_moved_not_by_its_new_parent() -> None:
    event = _event("GROUP", "UPDATE", "groups/new-parent/children", {"id": "g-1"})
    assert of_admin(event)[1] == Effect(C.END_GROUP, "g-1")


def test_a_moved_group_that_is_not_named_concerns_everybody() -> None:
    assert of_admin(_event("GROUP", "UPDATE", "groups"))[1] == Effect(C.END_APPS)


def test_a_composite_concerns_the_apps_whose_roles_went() -> None:
    removed = [
        {"clientRole": True, "containerId": "c-1"},
        {"clientRole": True, "containerId": "c-2"},
    ]
    event = _event("REALM_ROLE", "DELETE", "roles/police/composites", removed)
    assert of_admin(event)[1].removed == {"c-1", "c-2"}


@pytest.mark.parametrize("said", [None, [], "{", [{"clientRole": False, "containerId": "realm"}]])
def test_a_composite_that_may_concern_any_app_concerns_all(said: Any) -> None:
    event = _event("REALM_ROLE", "DELETE", "roles/police/composites", said)
    assert of_admin(event)[1].removed == {"*"}


def test_people_who_sign_out_end_that_session() -> None:
    event = {"type": "LOGOUT", "userId": "u-1", "sessionId": "s-1"}
    assert of_user(event) == (Effect(C.SESSION_OVER, "s-1"),)


def test_a_lockout_ends_sessions_only_when_it_is_for_good() -> None:
    forever = {"type": "USER_DISABLED_BY_PERMANENT_LOCKOUT", "userId": "u-1"}
    for_now = {"type": "USER_DISABLED_BY_TEMPORARY_LOCKOUT", "userId": "u-1"}
    assert of_user(forever) == (Effect(C.END_ACCOUNT, "u-1"),)
    assert of_user(for_now) == ()


def test_changing_ones_own_password_does_not_sign_out_whoever_just_did_it() -> None:
    assert of_user({"type": "UPDATE_PASSWORD", "userId": "u-1", "sessionId": "s-1"}) == (
        Effect(C.STALE_ACCOUNT, "u-1"),
    )
