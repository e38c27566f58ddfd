"""The declarations of `realms/` themselves, and how they are filled in."""

from pathlib import Path
from typing import Any

import pytest

from idp_bridge.keycloak.provisioning.items import flat, live_fields, merged
from idp_bridge.keycloak.provisioning.sources import load_people
from idp_bridge.manifests.manifest import PostsOf
from idp_bridge.manifests.reading import Missing, filled, load_manifests, read_yaml

REALMS = Path(__file__).parents[2] / "realms"
REALM_NAMES = ("residents", "workers")


class Anything(dict[str, str]):
    """A value for every name."""

    def __missing__(self, name: str) -> str:
        return f"{name:-<43}" if "secret" in name else f"http://{name.replace('_', '-')}.example"


def units(groups: list[dict[str, Any]], above: str = "") -> dict[str, list[str]]:
    """Every org unit's path, with its posts."""
    found: dict[str, list[str]] = {}
    for group in groups:
        path = f"{above}/{group['name']}"
        found[path] = group.get("posts", [])
        found |= units(group.get("units", []), path)
    return found


def test_a_name_without_a_value_is_an_error_that_names_it() -> None:
    with pytest.raises(Missing, match="legal_aid_url"):
        filled({"url": ["${legal_aid_url}/"]}, {})


def test_a_doubled_dollar_is_left_for_keycloak() -> None:
    assert filled("a.$${client_id}.b", {}) == "a.${client_id}.b"


def test_app_roles_are_given_by_roles_that_exist() -> None:
    roles = {realm: set(read_yaml(REALMS / f"{realm}.yaml")["roles"]) for realm in REALM_NAMES}
    for app in load_manifests(sorted((REALMS / "apps").glob("*.yaml")), Anything()):
        for realm in app.realms:
            for role in app.roles[realm].values():
                given = {e.role if isinstance(e, PostsOf) else e for e in role.given_to}
                assert given <= roles[realm]


def test_posts_are_named_after_roles_and_units_never_are() -> None:
    workers = read_yaml(REALMS / "workers.yaml")
    for path, posts in units(workers["groups"]).items():
        assert path.rpartition("/")[2] not in workers["roles"]
        assert set(posts) <= set(workers["roles"])


def test_demo_people_hold_posts_and_roles_that_exist() -> None:
    workers = read_yaml(REALMS / "workers.yaml")
    posts = {f"{unit}/{role}" for unit, held in units(workers["groups"]).items() for role in held}
    people = load_people(REALMS / "people.yaml")

    assert len({person.username for person in people}) == len(people)
    for person in people:
        roles = read_yaml(REALMS / f"{person.realm}.yaml")["roles"]
        assert set(person.groups) <= posts
        assert set(person.roles) <= set(roles)


def test_the_login_theme_says_the_same_in_both_languages() -> None:
    messages = REALMS / "themes" / "idp-bridge" / "login" / "messages"
    keys = [
        {line.split("=", 1)[0] for line in file.read_text("utf-8").splitlines() if "=" in line}
        for file in sorted(messages.glob("messages_*.properties"))
    ]

    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_attributes_are_compared_one_by_one_and_everything_else_whole() -> None:
    fields = flat({"enabled": True, "attributes": {"a": True, "b": {"x": 1}}, "list": ["2", "1"]})

    assert fields == {
        "enabled": True,
        "attributes/a": "true",
        "attributes/b": '{"x":1}',
        "list": ["1", "2"],
    }


def test_a_change_keeps_what_is_not_declared() -> None:
    document = {"name": "x", "attributes": {"ours": "1", "theirs": "2"}}

    changed = merged(document, flat({"attributes": {"ours": "3"}}))

    assert changed == {"name": "x", "attributes": {"ours": "3", "theirs": "2"}}
    assert live_fields(document, flat({"attributes": {"ours": "3"}})) == {"attributes/ours": "1"}
