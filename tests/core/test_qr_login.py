"""QR login from end to end in the core, and the edges in time (L1-L3, B5, B7, P3)."""

import json
from datetime import timedelta

import pytest

from idp_bridge.core.errors import Gone, NotFound
from idp_bridge.core.qr_flow import Place, State
from tests.core.world import World


async def test_a_scan_an_approval_and_the_digits_sign_the_browser_in(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    shown = await pc.open()
    decided = await phone.approve(shown.frame)
    waiting = await pc.status()
    assert (waiting.state, waiting.display_name, waiting.digits) == (State.APPROVED, "张*", 4)
    await pc.confirm(decided.digits)
    signed_in = await pc.claim()
    assert signed_in.authentication.subject == "zhang"
    assert (signed_in.authentication.acr, signed_in.authentication.amr) == ("qr", ("mca", "swk"))
    assert "code" in signed_in.response.params
    session = await world.op_sessions.find(signed_in.token)
    assert session is not None
    assert session.clients == ("keycloak-residents",)
    assert world.audit.names == ["qr_started", "qr_scanned", "qr_approved", "qr_claimed"]


async def test_the_context_says_first_that_all_portals_are_meant(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    context = json.loads(asked.context)
    assert context["all_portals"] is True
    assert context["minutes"] == 480
    assert (context["browser"], context["system"]) == ("Chrome", "Windows")
    assert "new_browser" in context["warnings"]


async def test_a_denial_ends_the_flow_and_the_browser_learns_nothing_more(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    decided = await phone.decide(asked, "deny")
    assert decided.approved is False
    status = await pc.status()
    assert (status.state, status.display_name, status.frame) == (State.DENIED, "", "")
    with pytest.raises(Gone):
        await pc.claim()


async def test_a_reload_goes_on_with_the_same_flow(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    first = await pc.open()
    assert (await pc.start()).frame == first.frame
    asked = await phone.scan(first.frame)
    assert (await pc.start()).state is State.SCANNED
    world.clock.advance(2)
    assert (await phone.decide(asked)).approved


@pytest.mark.parametrize(("age", "good"), [(9, True), (19, True), (20, False), (25, False)])
async def test_a_frame_is_good_while_it_or_its_successor_is_shown(
    world: World, age: int, good: bool
) -> None:
    pc, phone = world.browser(), await world.phone()
    frame = (await pc.open()).frame
    world.clock.advance(age)
    if good:
        await phone.seen(frame)
    else:
        with pytest.raises(Gone):
            await phone.seen(frame)


async def test_a_frame_seen_in_time_waits_for_the_gesture_of_that_phone_only(world: World) -> None:
    pc, phone, other = world.browser(), await world.phone(), await world.phone("wang")
    frame = (await pc.open()).frame
    world.clock.advance(15)
    await phone.seen(frame)
    world.clock.advance(45)
    with pytest.raises(Gone):
        await other.scan(frame)
    assert (await phone.scan(frame)).reference


async def test_a_held_frame_is_let_go_after_ninety_seconds(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    frame = (await pc.open()).frame
    await phone.seen(frame)
    world.clock.advance(90)
    with pytest.raises(Gone):
        await phone.scan(frame)


async def test_frames_change_every_ten_seconds_and_end_after_eighteen(world: World) -> None:
    pc = world.browser()
    frames = {(await pc.open()).frame}
    for _ in range(17):
        world.clock.advance(10)
        frames.add((await pc.status()).frame)
    assert len(frames) == 18
    world.clock.advance(9.9)
    assert (await pc.status()).state is State.PENDING
    world.clock.advance(0.1)
    assert (await pc.status()).state is State.EXPIRED


@pytest.mark.parametrize(("wait", "state"), [(89, State.SCANNED), (90, State.EXPIRED)])
async def test_an_approval_comes_within_ninety_seconds_of_the_scan(
    world: World, wait: int, state: State
) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(wait)
    assert (await pc.status()).state is state
    if state is State.EXPIRED:
        with pytest.raises(Gone):
            await phone.decide(asked)
    else:
        assert (await phone.decide(asked)).approved


@pytest.mark.parametrize(("wait", "good"), [(59, True), (60, False)])
async def test_the_digits_are_typed_within_sixty_seconds(
    world: World, wait: int, good: bool
) -> None:
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open()).frame)
    world.clock.advance(wait)
    if good:
        assert (await pc.confirm(decided.digits)).state is State.CONFIRMED
    else:
        with pytest.raises(Gone):
            await pc.confirm(decided.digits)


@pytest.mark.parametrize(("wait", "good"), [(29, True), (30, False)])
async def test_a_claim_follows_within_thirty_seconds(world: World, wait: int, good: bool) -> None:
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open()).frame)
    await pc.confirm(decided.digits)
    world.clock.advance(wait)
    if good:
        assert (await pc.claim()).token
    else:
        with pytest.raises(Gone):
            await pc.claim()


async def test_the_same_browser_keeps_its_sid_over_a_second_sign_in(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    sids = set()
    for _ in range(2):
        decided = await phone.approve((await pc.open()).frame)
        await pc.confirm(decided.digits)
        old = pc.session
        sids.add((await pc.claim()).authentication.sid)
        assert await world.op_sessions.find(old) is None
    assert len(sids) == 1


async def test_a_flow_nobody_began_is_not_found(world: World) -> None:
    pc = world.browser()
    with pytest.raises(NotFound):
        await pc.status()


async def test_a_kiosk_session_is_short_and_marked_for_the_sweeper(world: World) -> None:
    kiosk, _ = await world.kiosk()
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open(Place(kiosk=kiosk.id))).frame)
    await pc.confirm(decided.digits)
    signed_in = await pc.claim()
    assert signed_in.life == timedelta(minutes=15)
    assert [s.sid for s in await world.sign_ins.due(world.clock() + timedelta(seconds=900))]
