"""A worker asks, the app's owner decides, a role is given and ends by itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from idp_bridge.core.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from idp_bridge.core.requests import Approval, Decider
from tests.core.requests_world import (
    ADMINISTRATOR,
    OWNER,
    RequestsWorld,
    requests_world,
    worker_app,
)
from tests.fakes import START

HELD = ("workers", "grid", "handler", "chen")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RequestsWorld]:
    async with requests_world(tmp_path) as made:
        yield made


async def test_an_approval_gives_the_role_and_is_on_record(world: RequestsWorld) -> None:
    request = await world.ask()

    await world.desk.approve(request, OWNER, Approval("handler", answer="好的"))

    assert world.roles.rows == {HELD}
    [mine] = await world.desk.of("workers", "chen")
    assert (mine.state, mine.role, mine.answer, mine.decided_by) == (
        "approved",
        "handler",
        "好的",
        "sun",
    )
    assert world.audit.names == ["access_requested", "access_approved"]
    assert world.audit.events[-1].actor == "sun"


async def test_a_declined_request_gives_nothing_and_says_why(world: RequestsWorld) -> None:
    request = await world.ask()
    with pytest.raises(InvalidRequest):
        await world.desk.decline(request, OWNER, "  ")

    await world.desk.decline(request, OWNER, "不属于本岗位")

    [mine] = await world.desk.of("workers", "chen")
    assert (mine.state, mine.answer, world.roles.rows) == ("declined", "不属于本岗位", set())


async def test_nobody_decides_their_own_request(world: RequestsWorld) -> None:
    request = await world.ask("sun")

    for who in (OWNER, Decider("sun", "sunli", administers=True)):
        with pytest.raises(Forbidden):
            await world.desk.approve(request, who, Approval("handler"))
        assert await world.desk.to_decide("workers", who) == ()
    assert world.roles.rows == set()


async def test_an_owner_decides_for_the_own_app_only(world: RequestsWorld) -> None:
    request = await world.ask(app="patrol")

    with pytest.raises(Forbidden):
        await world.desk.approve(request, OWNER, Approval("handler"))
    with pytest.raises(Forbidden):
        await world.desk.decline(request, OWNER, "no")
    assert await world.desk.to_decide("workers", OWNER) == ()


async def test_an_app_without_an_owner_is_decided_by_administrators_alone(
    world: RequestsWorld,
) -> None:
    request = await world.ask(app="dispatch")

    with pytest.raises(Forbidden):
        await world.desk.approve(request, Decider("x", ""), Approval("handler"))
    await world.desk.approve(request, ADMINISTRATOR, Approval("observer"))

    assert world.roles.rows == {("workers", "dispatch", "observer", "chen")}


@pytest.mark.parametrize("role", ["realm-admin", "manage-users", "", "patrol/handler"])
async def test_only_a_role_of_the_app_can_be_given(world: RequestsWorld, role: str) -> None:
    request = await world.ask()

    with pytest.raises(InvalidRequest):
        await world.desk.approve(request, OWNER, Approval(role))
    assert world.roles.rows == set()


@pytest.mark.parametrize("days", [-1, 0, 400])
async def test_an_end_lies_ahead_and_within_a_year(world: RequestsWorld, days: int) -> None:
    request = await world.ask()
    approval = Approval("handler", START + timedelta(days=days))

    with pytest.raises(InvalidRequest):
        await world.desk.approve(request, OWNER, approval)


async def test_a_request_is_decided_once(world: RequestsWorld) -> None:
    request = await world.ask()
    decisions = [
        world.desk.approve(request, OWNER, Approval("handler")),
        world.desk.approve(request, ADMINISTRATOR, Approval("observer")),
        world.desk.decline(request, ADMINISTRATOR, "no"),
    ]

    outcomes = await asyncio.gather(*decisions, return_exceptions=True)

    assert len([one for one in outcomes if not isinstance(one, Conflict)]) == 1
    assert len(world.roles.rows) <= 1


async def test_while_a_request_waits_no_second_one_is_taken(world: RequestsWorld) -> None:
    await world.ask()

    with pytest.raises(Conflict):
        await world.ask()


async def test_whoever_has_the_app_does_not_ask_for_it(world: RequestsWorld) -> None:
    world.roles.rows.add(HELD)

    with pytest.raises(Conflict):
        await world.ask()


@pytest.mark.parametrize(
    "app",
    [
        worker_app("grid", state="checked"),
        worker_app("grid", enabled=False),
        worker_app("grid", requestable=False),
        worker_app("elsewhere"),
    ],
)
async def test_only_an_open_app_that_is_admitted_may_be_asked_for(
    world: RequestsWorld, app: object
) -> None:
    world.apps.apps = (app,)  # type: ignore[assignment]

    with pytest.raises(NotFound):
        await world.ask()


@pytest.mark.parametrize("reason", ["", " ", "x", "长" * 501])
async def test_a_request_has_a_reason_of_some_words(world: RequestsWorld, reason: str) -> None:
    with pytest.raises(InvalidRequest):
        await world.desk.ask("workers", "chen", "chenjing", client_id="grid", reason=reason)


async def test_one_app_is_asked_for_three_times_a_week_at_most(world: RequestsWorld) -> None:
    for _ in range(3):
        await world.desk.decline(await world.ask(), OWNER, "no")

    with pytest.raises(TooManyRequests):
        await world.ask()


async def test_somebody_asks_ten_times_a_day_at_most(world: RequestsWorld) -> None:
    world.apps.apps = tuple(worker_app(f"app-{n}") for n in range(11))
    for n in range(10):
        await world.ask(app=f"app-{n}")

    with pytest.raises(TooManyRequests):
        await world.ask(app="app-10")


async def test_a_request_can_be_taken_back_by_whoever_made_it(world: RequestsWorld) -> None:
    request = await world.ask()
    with pytest.raises(NotFound):
        await world.desk.withdraw(request, "wu")

    await world.desk.withdraw(request, "chen")

    with pytest.raises(Conflict):
        await world.desk.approve(request, OWNER, Approval("handler"))


async def test_an_approval_that_keycloak_missed_is_made_up_for_later(world: RequestsWorld) -> None:
    request = await world.ask()
    world.roles.away = True
    with pytest.raises(Unavailable):
        await world.desk.approve(request, OWNER, Approval("handler"))
    world.roles.away = False
    await world.desk.finish("workers")
    assert world.roles.rows == set()

    world.clock.advance(21)
    await world.desk.finish("workers")

    assert world.roles.rows == {HELD}
    [mine] = await world.desk.of("workers", "chen")
    assert mine.state == "approved"


async def test_a_disabled_account_is_given_nothing(world: RequestsWorld) -> None:
    request = await world.ask()
    world.accounts.change("workers", "chen", enabled=False)

    with pytest.raises(Conflict):
        await world.desk.approve(request, OWNER, Approval("handler"))
