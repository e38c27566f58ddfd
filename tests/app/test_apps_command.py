"""What `idp-bridge apps plan` says about people."""

import pytest

from idp_bridge.app.commands.apps.apply import told
from idp_bridge.core.role_links import Change, Difference, Person
from idp_bridge.keycloak.provisioning.app_change import RightsChange

CHANGE = RightsChange("workers", "key-person", ("viewer",), admitted=True, change=Change())
DRAFT = RightsChange("workers", "key-person", ("viewer",), admitted=False, change=Change())


def people(count: int) -> tuple[Person, ...]:
    return tuple(Person(str(n), f"person{n}", f"人{n}") for n in range(count))


def test_people_are_counted_and_not_named_where_nobody_sits_at_the_prompt() -> None:
    [line] = told(CHANGE, "viewer", Difference(gains=people(2)), names=False)

    assert line == "workers: 2 gain role key-person/viewer"


def test_at_the_prompt_people_are_named_and_many_of_them_counted() -> None:
    [line] = told(CHANGE, "", Difference(losses=people(25)), names=True)

    assert line.startswith("workers: 25 lose the app key-person: 人0 (person0), ")
    assert line.endswith(" and 5 more")


@pytest.mark.parametrize("names", [True, False])
def test_of_a_draft_it_is_said_that_nothing_is_in_force_yet(names: bool) -> None:
    [line] = told(DRAFT, "viewer", Difference(gains=people(1)), names=names)

    assert "1 gain role key-person/viewer once admitted" in line
