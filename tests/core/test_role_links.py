"""Who would gain and who would lose a role, over links written down by hand."""

from collections.abc import Iterable, Mapping

import pytest

from idp_bridge.core.role_links import (
    Change,
    Effective,
    Holder,
    Link,
    Person,
    Role,
    by_group,
    by_person,
    by_role,
    parse_role,
)

HANDLER, OBSERVER = Role("grid", "handler"), Role("grid", "observer")
WORKER, LEADER = Role("", "grid-worker"), Role("", "leader")
POST = "/baoan/grid-12/grid-worker"


class ListedLinks:
    """Links as tables."""

    def __init__(self) -> None:
        self.carried = {WORKER: frozenset({HANDLER}), LEADER: frozenset({OBSERVER})}
        self.held = {
            WORKER: frozenset({by_group(POST)}),
            LEADER: frozenset({by_person("huang")}),
            HANDLER: frozenset({by_person("huang")}),
        }
        self.in_groups = {POST: frozenset({"chen", "disabled"}), "/baoan": frozenset({"chen"})}
        self.disabled = {"disabled"}

    async def composites(self) -> Mapping[Role, frozenset[Role]]:
        return self.carried

    async def knows(self, role: Role) -> bool:
        return role in {HANDLER, OBSERVER, WORKER, LEADER}

    async def holders(self, role: Role) -> frozenset[Holder]:
        return self.held.get(role, frozenset())

    async def members(self, group: str) -> frozenset[str]:
        return self.in_groups.get(group, frozenset())

    async def people(self, accounts: Iterable[str]) -> tuple[Person, ...]:
        able = sorted(set(accounts) - self.disabled)
        return tuple(Person(account, account, account) for account in able)


@pytest.fixture
def links() -> ListedLinks:
    return ListedLinks()


def _names(people: tuple[Person, ...]) -> list[str]:
    return [person.account for person in people]


async def test_a_role_is_held_directly_by_group_and_by_composite(links: ListedLinks) -> None:
    assert await Effective(links).accounts(HANDLER) == {"chen", "disabled", "huang"}


async def test_a_mapping_that_goes_takes_the_role_only_from_whoever_has_no_other_way(
    links: ListedLinks,
) -> None:
    links.held[HANDLER] = frozenset({by_person("chen")})
    links.in_groups[POST] = frozenset({"chen", "liu"})
    change = Change(removed=frozenset({Link(by_role(WORKER), HANDLER)}))

    difference = await Effective(links).difference(HANDLER, change)

    assert _names(difference.losses) == ["liu"]
    assert not difference.gains


async def test_a_mapping_to_a_group_lets_in_its_members_and_those_below(links: ListedLinks) -> None:
    change = Change(added=frozenset({Link(by_group("/baoan"), OBSERVER)}))

    difference = await Effective(links).difference(OBSERVER, change)

    assert _names(difference.gains) == ["chen"]


async def test_whoever_cannot_sign_in_gains_nothing(links: ListedLinks) -> None:
    change = Change(added=frozenset({Link(by_role(WORKER), OBSERVER)}))

    difference = await Effective(links).difference(OBSERVER, change)

    assert _names(difference.gains) == ["chen"]


async def test_an_app_is_lost_only_with_its_last_role(links: ListedLinks) -> None:
    change = Change(removed=frozenset({Link(by_person("huang"), HANDLER)}))
    effective = Effective(links)

    assert _names((await effective.difference(HANDLER, change)).losses) == ["huang"]
    assert not await effective.of_app((HANDLER, OBSERVER), change)


async def test_a_change_touches_what_its_role_carries_through_every_composite(
    links: ListedLinks,
) -> None:
    chief = Role("", "chief")
    links.carried[chief] = frozenset({LEADER})
    change = Change(removed=frozenset({Link(by_person("wu"), chief)}))

    assert await Effective(links).touched(change) == {chief, LEADER, OBSERVER}


async def test_composites_in_a_circle_come_to_an_end(links: ListedLinks) -> None:
    links.carried[WORKER] = frozenset({HANDLER, LEADER})
    links.carried[LEADER] = frozenset({OBSERVER, WORKER})

    assert "chen" in await Effective(links).accounts(OBSERVER)


def test_a_role_of_an_app_is_written_with_its_app() -> None:
    assert parse_role("grid/handler") == HANDLER
    assert parse_role("grid-worker") == WORKER
    assert str(HANDLER) == "grid/handler"
