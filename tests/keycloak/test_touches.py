"""Who made something at Keycloak as it is now, found in its admin events."""

import json
from typing import Any

from idp_bridge.core.role_links import Role
from idp_bridge.keycloak.touches import Touches

HANDLER = {"name": "handler", "clientRole": True, "containerId": "uuid-grid"}
REALM, MASTER = "realm-workers", "realm-master"


def event(time: int, operation: str, said: object, *, by: str = "lin", realm: str = REALM) -> Any:
    return {
        "time": time * 1000,
        "operationType": operation,
        "realmId": REALM,
        "authDetails": {"userId": by, "realmId": realm},
        "representation": json.dumps(said),
    }


class ListedEvents:
    """``AdminApi`` with events by path, newest first, and people by id."""

    realm = "workers"

    def __init__(self, **paths: list[Any]) -> None:
        self.paths: dict[str, list[Any]] = paths

    async def list(self, path: str, **query: Any) -> list[Any]:
        assert path == "admin-events"
        return self.paths.get(query["resourcePath"], [])

    async def ask(self, question: Any) -> Any:
        return {"username": "adminlin"}


def touches(path: str, *events: Any) -> Touches:
    api = ListedEvents(**{path: list(events)})
    return Touches(api, {"grid": "uuid-grid", "patrol": "uuid-patrol"})  # type: ignore[arg-type]


async def test_the_newest_event_that_speaks_of_the_role_names_its_giver() -> None:
    other = {**HANDLER, "containerId": "uuid-patrol"}
    found = await touches(
        "users/chen/role-mappings/*",
        event(30, "CREATE", [other], by="other"),
        event(20, "CREATE", [HANDLER]),
        event(10, "DELETE", [HANDLER], by="old"),
    ).of_mapping("users/chen", Role("grid", "handler"))

    assert found is not None
    assert (found.at.timestamp(), found.by, found.realm) == (20, "adminlin", "workers")


async def test_a_realm_role_is_told_from_a_role_of_an_app_with_its_name() -> None:
    found = await touches("users/chen/role-mappings/*", event(20, "CREATE", [HANDLER])).of_mapping(
        "users/chen", Role("", "handler")
    )

    assert found is None


async def test_a_link_that_was_taken_away_last_and_is_there_comes_from_elsewhere() -> None:
    found = await touches(
        "users/chen/role-mappings/*",
        event(30, "DELETE", [HANDLER]),
        event(20, "CREATE", [HANDLER]),
    ).of_mapping("users/chen", Role("grid", "handler"))

    assert found is None


async def test_an_administrator_of_another_realm_is_named_by_id() -> None:
    found = await touches(
        "users/chen/groups/g1", event(20, "CREATE", {}, by="0949d4a2", realm=MASTER)
    ).of_membership("chen", "g1")

    assert found is not None
    assert (found.by, found.realm) == ("0949d4a2", "master")


async def test_a_composite_is_found_under_both_of_its_addresses() -> None:
    found = await touches("roles-by-id/r1/composites", event(20, "CREATE", [HANDLER])).of_composite(
        Role("", "grid-worker"), "r1", Role("grid", "handler")
    )

    assert found is not None


def enabled(said: Any) -> Any:
    return said.get("enabled")


async def test_who_set_a_value_is_the_first_since_it_was_otherwise() -> None:
    found = await touches(
        "clients/c",
        event(50, "UPDATE", {"name": "renamed"}),
        event(40, "UPDATE", {"enabled": False}, by="later"),
        event(30, "UPDATE", {"enabled": False}),
        event(20, "UPDATE", {"enabled": True}),
    ).of_value("clients/c", enabled, False)

    assert found is not None
    assert found.at.timestamp() == 30


async def test_whoever_made_it_so_at_its_creation_is_named() -> None:
    found = await touches(
        "clients/c", event(30, "UPDATE", {"enabled": True}), event(10, "CREATE", {"enabled": True})
    ).of_value("clients/c", enabled, True)

    assert found is not None
    assert found.at.timestamp() == 10


async def test_a_value_that_came_after_the_creation_was_set_by_whoever_named_it_first() -> None:
    found = await touches(
        "clients/c", event(30, "UPDATE", {"enabled": True}), event(10, "CREATE", {})
    ).of_value("clients/c", enabled, True)

    assert found is not None
    assert found.at.timestamp() == 30


async def test_nobody_is_named_for_what_no_kept_event_tells() -> None:
    found = await touches("clients/c", event(30, "UPDATE", {"enabled": True})).of_value(
        "clients/c", enabled, True
    )

    assert found is None
