"""What is kept in memory ends with word of a change, at every copy, and never outlives trust."""

import asyncio
from datetime import timedelta

import pytest

from idp_bridge.core.errors import Unavailable
from tests.endpoints.gate_world import GateWorld, Visitor

LIFE = timedelta(minutes=5)


async def two_copies(world: GateWorld) -> tuple[Visitor, Visitor]:
    """One browser, let in and remembered by two copies of the bridge."""
    one = world.at()
    two = world.at(copy=world.another_copy())
    await world.heard()
    await one.sign_in()
    two.cookies = one.cookies
    for visitor in (one, two):
        assert (await visitor.ask()).status_code == 200
    return one, two


async def test_sign_in_at_one_copy_is_known_at_the_other_at_once(world: GateWorld):
    one, two = await two_copies(world)
    looks = world.store.looks

    assert [(await v.ask()).status_code for v in (one, two)] == [200, 200]
    assert world.store.looks == looks


@pytest.mark.parametrize("end", ["session", "account", "realm"])
async def test_an_ended_session_is_over_at_every_copy_at_once(world: GateWorld, end: str):
    visitors = await two_copies(world)
    await world.later(1)

    if end == "session":
        await world.revocations.end_session("workers", "kc-session-1")
    elif end == "account":
        await world.revocations.end_account("workers", "chen")
    else:
        await world.revocations.end_realm("workers")

    assert [(await v.ask()).status_code for v in visitors] == [401, 401]


async def test_keycloaks_own_word_of_a_logout_is_in_force_at_every_copy(world: GateWorld):
    visitors = await two_copies(world)
    [app] = [a for a in world.apps.apps if a.client_id == "patrol"]
    sessions = world.doors.sessions(app, "https://bridge.test/apps/callback/workers/patrol")

    await sessions.ended_at_keycloak("sid:kc-session-1")

    assert [(await v.ask()).status_code for v in visitors] == [401, 401]


@pytest.mark.parametrize("realm_wide", [False, True])
async def test_a_role_that_was_taken_away_is_gone_at_every_copy_at_once(
    world: GateWorld, realm_wide: bool
):
    visitors = await two_copies(world)
    await world.later(1)

    world.person.apps = {}
    if realm_wide:
        await world.revocations.stale_realm("workers")
    else:
        await world.revocations.stale_account("workers", "chen")

    assert [(await v.ask()).status_code for v in visitors] == [403, 403]
    world.person.apps = {"patrol": ["organiser"]}
    await world.later(1)
    await world.revocations.stale_account("workers", "chen")
    for visitor in visitors:
        assert (await visitor.ask("/admin/a")).headers["x-bridge-roles"] == "organiser"


async def test_word_about_somebody_else_drops_nobody(world: GateWorld):
    visitors = await two_copies(world)
    looks = world.store.looks

    await world.revocations.end_session("workers", "another")
    await world.revocations.stale_account("workers", "wang")
    await world.revocations.end_account("residents", "chen")

    assert [(await v.ask()).status_code for v in visitors] == [200, 200]
    assert world.store.looks == looks


async def test_a_suspended_app_is_closed_at_every_copy_and_nobody_is_sent_to_sign_in(
    world: GateWorld,
):
    visitors = await two_copies(world)

    world.change("patrol", enabled=False)
    await world.revocations.stale_realm("workers")

    for visitor in visitors:
        answer = await visitor.ask()
        assert (answer.status_code, answer.headers.get("location")) == (403, None)
    page = await visitors[0].open("/.idp-bridge/refused")
    assert "暂停" in page.text or "关闭" in page.text
    assert (await world.at().open("/.idp-bridge/sign-in?to=/")).status_code == 403


async def test_a_change_that_nobody_told_of_is_found_within_ten_seconds(world: GateWorld):
    await two_copies(world)
    await world.later(9)
    visitor = world.at()
    await visitor.sign_in()
    assert (await visitor.ask()).status_code == 200

    world.change("patrol", enabled=False)
    await world.later(2)

    assert (await visitor.ask()).status_code == 403


async def test_an_address_that_was_taken_away_is_closed(world: GateWorld):
    visitors = await two_copies(world)

    world.change("patrol", redirect_uris=())
    await world.revocations.stale_realm("workers")

    assert [(await v.ask()).status_code for v in visitors] == [403, 403]


async def test_a_rule_that_was_added_holds_for_who_is_in_already(world: GateWorld):
    visitors = await two_copies(world)

    world.change("patrol", settings={"rules": [{"roles": ["organiser"]}]})
    await world.revocations.stale_realm("workers")

    assert [(await v.ask()).status_code for v in visitors] == [403, 403]


async def test_out_of_touch_nothing_kept_is_used(world: GateWorld):
    one, _ = await two_copies(world)
    world.marks.touch = False
    # Written by another copy, and not heard here.
    await world.store.put("ended:workers:sid:kc-session-1", b"1", LIFE)

    assert (await one.ask()).status_code == 401


async def test_with_redis_away_nobody_is_let_in_once_out_of_touch(world: GateWorld):
    one, _ = await two_copies(world)

    async def away(_: str) -> bytes | None:
        raise Unavailable("redis is away")

    world.store.get = away  # type: ignore[method-assign]
    assert (await one.ask()).status_code == 200
    world.marks.touch = False

    answer = await one.ask()
    assert (answer.status_code, answer.headers.get("location")) == (403, None)


async def test_with_nobody_following_the_realm_rights_are_read_live(world: GateWorld):
    one, _ = await two_copies(world)
    world.clock.advance(11)
    world.person.apps = {}

    # No word of the change can come.
    assert (await one.ask()).status_code == 403


async def test_a_follower_that_went_deaf_is_no_follower(world: GateWorld):
    one, _ = await two_copies(world)
    await world.revocations.deaf("workers")
    world.person.apps = {}
    world.clock.advance(1)

    assert (await one.ask()).status_code == 403


async def test_a_broken_line_drops_everything(world: GateWorld):
    one, _ = await two_copies(world)
    await world.store.put("ended:workers:sid:kc-session-1", b"1", LIFE)

    world.marks.tell("", b"")

    assert (await one.ask()).status_code == 401


async def test_word_that_comes_while_a_session_is_read_is_not_lost(world: GateWorld):
    """The session was read, then ended; it must not be kept as it was read."""
    one, _ = await two_copies(world)
    await world.revocations.stale_account("workers", "chen")
    await world.later(1)
    keycloak = world.keycloak()
    asking, answers = asyncio.Event(), asyncio.Event()
    refreshed = keycloak.refresh

    async def slow(token: str):
        tokens = await refreshed(token)
        asking.set()
        await answers.wait()
        return tokens

    keycloak.refresh = slow  # type: ignore[method-assign]
    first = asyncio.create_task(one.ask())
    await asking.wait()
    await world.revocations.end_session("workers", "kc-session-1")
    answers.set()
    await first

    assert (await one.ask()).status_code == 401


async def test_what_is_kept_of_a_session_is_looked_at_again_within_ten_seconds(world: GateWorld):
    one, _ = await two_copies(world)
    looks = world.store.looks
    await world.later(9)
    await one.ask()
    quiet = world.store.looks
    await world.later(2)
    await one.ask()

    assert world.store.looks > quiet >= looks


async def test_rights_from_a_directory_are_read_again_after_two_seconds(world: GateWorld):
    world.person.more = {"ldap_id": "uid=chen"}
    one, _ = await two_copies(world)
    world.person.apps = {}

    await world.later(2)

    assert (await one.ask()).status_code == 403


async def test_a_session_ends_in_memory_when_it_ends(world: GateWorld):
    one, _ = await two_copies(world)

    await world.later(8 * 3600 - 5)
    assert (await one.ask()).status_code == 200
    await world.later(6)
    assert (await one.ask()).status_code == 401


async def test_memory_is_bounded_and_forgets_who_came_first(world: GateWorld):
    copy = world.another_copy(most=3)
    await world.heard()
    visitors = []
    for number in range(5):
        world.person.subject = f"person-{number}"
        visitor = world.at(copy=copy)
        await visitor.sign_in()
        assert (await visitor.ask()).headers["x-bridge-user"] == f"person-{number}"
        visitors.append(visitor)
    looks = world.store.looks

    for visitor in visitors[2:]:
        assert (await visitor.ask()).status_code == 200
    assert world.store.looks == looks
    world.person.subject = "person-0"
    assert (await visitors[0].ask()).headers["x-bridge-user"] == "person-0"
    assert world.store.looks > looks
