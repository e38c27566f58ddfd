"""What-if says who gains and loses which app, and changes nothing."""

import pytest

from idp_bridge.core.accounts import Account
from idp_bridge.core.apps import App
from idp_bridge.core.errors import InvalidRequest, NotFound
from idp_bridge.core.role_links import Effective, by_person
from idp_bridge.core.what_if import AppChange, Question, WhatIf
from tests.core.test_role_links import HANDLER, LEADER, ListedLinks
from tests.fakes import FakeAccounts
from tests.web.portal_world import ListedApps

GRID = App(
    realm="workers",
    client_id="grid",
    names={"zh": "网格", "en": "Grid"},
    group="work",
    url="https://grid.test/",
    protocol="oidc",
    icon="grid-service",
    enabled=True,
    roles=frozenset({"handler", "observer"}),
)


@pytest.fixture
def links() -> ListedLinks:
    return ListedLinks()


@pytest.fixture
def what_if(links: ListedLinks) -> WhatIf:
    accounts = FakeAccounts(
        *(Account("workers", name, name, name, enabled=True) for name in ("chen", "huang", "wu"))
    )
    return WhatIf(ListedApps(GRID), accounts, lambda _: Effective(links))


def _told(changes: tuple[AppChange, ...]) -> dict[str, list[str]]:
    return {
        sign: [p.username for change in changes for p in getattr(change.whole, sign)]
        for sign in ("gains", "losses")
    }


async def test_giving_a_realm_role_lets_a_person_into_what_it_carries(what_if: WhatIf) -> None:
    changes = await what_if.ask("workers", Question("give", "leader", "wu"))

    assert _told(changes) == {"gains": ["wu"], "losses": []}
    assert [one.role for one in changes[0].roles] == ["observer"]


async def test_taking_a_role_from_whoever_has_another_changes_the_role_but_not_the_app(
    what_if: WhatIf,
) -> None:
    changes = await what_if.ask("workers", Question("take", "leader", "huang"))

    assert _told(changes) == {"gains": [], "losses": []}
    assert [p.username for p in changes[0].roles[0].difference.losses] == ["huang"]


async def test_taking_a_role_that_a_post_gives_as_well_changes_nothing(
    what_if: WhatIf, links: ListedLinks
) -> None:
    links.held[HANDLER] = frozenset({by_person("chen")})

    assert await what_if.ask("workers", Question("take", "grid/handler", "chen")) == ()


async def test_unmapping_takes_the_app_from_everybody_who_came_that_way(what_if: WhatIf) -> None:
    changes = await what_if.ask("workers", Question("unmap", "grid/handler", "grid-worker"))

    assert _told(changes) == {"gains": [], "losses": ["chen"]}


async def test_mapping_lets_in_the_holders_of_the_realm_role(
    what_if: WhatIf, links: ListedLinks
) -> None:
    links.held[LEADER] = frozenset({by_person("wu")})

    changes = await what_if.ask("workers", Question("map", "grid/handler", "leader"))

    assert _told(changes) == {"gains": [], "losses": []}
    assert [p.username for p in changes[0].roles[0].difference.gains] == ["wu"]


@pytest.mark.parametrize(
    "question",
    [
        Question("give", "nosuch", "wu"),
        Question("give", "leader", "nobody"),
        Question("map", "grid/handler", "nosuch"),
        Question("map", "other/handler", "leader"),
    ],
)
async def test_what_is_not_there_is_said_to_be_missing(what_if: WhatIf, question: Question) -> None:
    with pytest.raises(NotFound):
        await what_if.ask("workers", question)


async def test_an_act_nobody_knows_is_refused(what_if: WhatIf) -> None:
    with pytest.raises(InvalidRequest):
        await what_if.ask("workers", Question("burn", "leader", "wu"))
