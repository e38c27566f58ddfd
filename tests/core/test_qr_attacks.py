"""One attack for each AT of the QR login requirements that the core alone can show."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from idp_bridge.core.devices import DeviceRefused, FreshSignInNeeded
from idp_bridge.core.errors import (
    BridgeError,
    Conflict,
    Forbidden,
    Gone,
    InvalidGrant,
    NotFound,
    TooManyRequests,
)
from idp_bridge.core.geo import Position, gcj02
from idp_bridge.core.kiosks import KioskRefused, TooFar
from idp_bridge.core.qr_approval import StepUpNeeded, TooSoon, account_mark
from idp_bridge.core.qr_flow import Place, State
from idp_bridge.core.qr_login import AccountRefused, QrLocked, WrongDigits
from idp_bridge.core.secret import digest
from idp_bridge_qr.keys import b64encode
from tests.core.world import DECIDE_URL, REALM, SCAN_URL, PhoneInHand, World
from tests.fakes import SigningKey


async def gathered(*calls: Any) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


def successes(results: list[Any]) -> list[Any]:
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, BridgeError):
            raise result
    return [r for r in results if not isinstance(r, BridgeError)]


# L3: one use


async def test_of_fifty_parallel_approvals_one_counts(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(2)
    results = await gathered(*(phone.decide(asked) for _ in range(50)))
    assert len(successes(results)) == 1


async def test_of_fifty_parallel_claims_one_counts(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open()).frame)
    await pc.confirm(decided.digits)
    results = await gathered(*(pc.claim() for _ in range(50)))
    assert len(successes(results)) == 1


async def test_a_second_scan_by_another_account_ends_the_flow_for_both(world: World) -> None:
    pc, victim, attacker = world.browser(), await world.phone(), await world.phone("wang")
    shown = await pc.open()
    asked = await victim.scan(shown.frame)
    world.clock.advance(2)
    with pytest.raises((Conflict, Gone)):
        await attacker.scan(shown.frame)
    assert (await pc.status()).state is State.CANCELLED
    with pytest.raises(Gone):
        await victim.decide(asked)
    assert "qr_scanned_twice" in world.audit.names


# L4: frames are stored hashed; a spent one is recognised


async def test_a_spent_frame_raises_the_alert_and_is_stored_hashed_only(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    frame = (await pc.open()).frame
    await phone.scan(frame)
    world.clock.advance(120)
    with pytest.raises(Gone):
        await (await world.phone("wang")).seen(frame)
    assert "qr_frame_reused" in world.audit.names
    assert frame not in repr(vars(world.store))


# B1, T4: the value in the QR collects nothing


async def test_whoever_saw_the_qr_can_neither_poll_nor_confirm_nor_claim(world: World) -> None:
    pc, phone, thief = world.browser(), await world.phone(), world.browser("thief")
    decided = await phone.approve((await pc.open()).frame)
    thief.interaction = pc.interaction
    for call in (thief.status(), thief.confirm(decided.digits), thief.claim()):
        with pytest.raises(NotFound):
            await call
    await pc.confirm(decided.digits)
    with pytest.raises(NotFound):
        await thief.claim()
    assert (await pc.claim()).token


async def test_another_browser_cannot_start_on_a_waiting_request(world: World) -> None:
    pc, thief = world.browser(), world.browser("thief")
    await pc.open()
    thief.interaction = pc.interaction
    with pytest.raises(InvalidGrant):
        await thief.start()


async def test_no_id_of_one_kind_is_taken_for_another(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    frame = (await pc.open()).frame
    asked = await phone.scan(frame)
    for wrong in (frame, asked.reference, asked.nonce):
        with pytest.raises(NotFound):
            await world.login.status(wrong, pc.secret)
    for wrong in (asked.reference, pc.interaction, pc.secret):
        with pytest.raises(Gone):
            await phone.seen(wrong)


async def test_two_tabs_of_one_browser_do_not_disturb_each_other(world: World) -> None:
    one, two, phone = world.browser(), world.browser(), await world.phone()
    first, second = await one.open(), await two.open()
    decided = await phone.approve(first.frame)
    assert (await two.status()).frame == second.frame or (await two.status()).frame
    await one.confirm(decided.digits)
    assert (await one.claim()).token
    assert (await two.status()).state is State.PENDING


# B2: what was begun is what is granted


async def test_the_answer_goes_to_the_request_that_was_begun(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open(state="original-state-123")).frame)
    await pc.confirm(decided.digits)
    response = (await pc.claim()).response
    assert response.params["state"] == "original-state-123"
    assert response.redirect_uri == "https://keycloak.test/broker/qr/endpoint"


# B5, T3: nothing is issued before an act on the PC


async def test_an_attackers_approval_of_my_screen_issues_nothing_by_itself(world: World) -> None:
    pc, attacker = world.browser(), await world.phone("wang")
    await attacker.approve((await pc.open()).frame)
    with pytest.raises(Gone):
        await pc.claim()
    assert (await pc.status()).display_name == "王*"


# B6: pace


async def test_polling_faster_than_allowed_is_told_to_slow_down(world: World) -> None:
    pc = world.browser()
    await pc.open()
    await world.login.poll(pc.interaction, pc.secret)
    world.clock.advance(1)
    with pytest.raises(TooManyRequests) as slow:
        await world.login.poll(pc.interaction, pc.secret)
    assert slow.value.retry_after == 7
    world.clock.advance(7)
    assert (await world.login.poll(pc.interaction, pc.secret)).state is State.PENDING


# B7: no identity before approval


async def test_no_status_names_anybody_before_approval(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    shown = await pc.open()
    assert shown.display_name == ""
    await phone.scan(shown.frame)
    status = await pc.status()
    assert (status.state, status.display_name, status.digits) == (State.SCANNED, "", 0)


# P1: registering a key needs a fresh act


@pytest.mark.parametrize(("age", "acr"), [(301, "password"), (0, "qr"), (0, "")])
async def test_no_key_is_registered_without_a_fresh_act(world: World, age: int, acr: str) -> None:
    key, url = SigningKey(), "https://my.test/phone/register"
    with pytest.raises(FreshSignInNeeded):
        await world.devices.register(
            realm=REALM,
            subject="zhang",
            auth_time=world.clock() - timedelta(seconds=age),
            acr=acr,
            label="",
            proof=key.proof(url, world.clock(), jti="jti-00000"),
            url=url,
        )


# P2: signed by the registered key, over exactly what was shown


async def test_a_stolen_cookie_without_the_key_approves_nothing(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(2)
    phone.key = SigningKey()
    with pytest.raises(DeviceRefused):
        await phone.decide(asked)
    assert (await pc.status()).state is State.SCANNED


@pytest.mark.parametrize(
    "change",
    [
        {"ctx": digest("another context")},
        {"flow": "0" * 32},
        {"frame": "0" * 32},
        {"nonce": "another"},
        {"decision": "maybe"},
        {"iat": 0},
        {"iat": "now"},
    ],
)
async def test_a_decision_about_anything_else_is_refused(
    world: World, change: dict[str, Any]
) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(2)
    with pytest.raises(DeviceRefused):
        await phone.decide(asked, signed=phone.sign(asked, **change))
    assert (await pc.status()).state is State.SCANNED


@pytest.mark.parametrize("skew", [-61, 61])
async def test_a_decision_signed_at_another_time_is_refused(world: World, skew: int) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(2)
    iat = int(world.clock().timestamp()) + skew
    with pytest.raises(DeviceRefused):
        await phone.decide(asked, signed=phone.sign(asked, iat=iat))


async def test_another_flows_signature_approves_nothing_here(world: World) -> None:
    one, two, phone = world.browser("one"), world.browser("two"), await world.phone()
    first = await phone.scan((await one.open()).frame)
    second = await phone.scan((await two.open()).frame)
    world.clock.advance(2)
    with pytest.raises(DeviceRefused):
        await phone.decide(second, signed=phone.sign(first))


async def test_a_proof_of_possession_is_not_a_decision_nor_the_other_way_round(
    world: World,
) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(2)
    with pytest.raises(DeviceRefused):
        await phone.decide(asked, signed=phone.proof(DECIDE_URL))
    with pytest.raises(DeviceRefused):
        await world.devices.prove(
            realm=REALM, subject="zhang", proof=phone.sign(asked), method="POST", url=DECIDE_URL
        )


async def test_a_decision_signed_by_another_key_is_refused(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(2)
    stranger = PhoneInHand(world, "zhang")
    with pytest.raises(DeviceRefused):
        await phone.decide(asked, signed=stranger.sign(asked))
    assert (await pc.status()).state is State.SCANNED


async def test_unsigned_and_misdeclared_signatures_are_refused(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(2)
    good = phone.sign(asked)
    _, payload, signature = good.split(".")
    for alg in ("none", "HS256", "RS256"):
        header = b64encode(json.dumps({"alg": alg, "typ": "qr-decision+jwt"}).encode())
        for tail in (signature, ""):
            with pytest.raises(DeviceRefused):
                await phone.decide(asked, signed=f"{header}.{payload}.{tail}")


# P3: the hint is a hint


async def test_an_edited_hint_changes_neither_the_grant_nor_the_text(world: World) -> None:
    said = []
    for hint in ("", "legal-aid"):
        pc, phone = world.browser(f"pc{hint}"), await world.phone()
        asked = await phone.scan((await pc.open(Place(browser="Chrome", app_hint=hint))).frame)
        context = json.loads(asked.context)
        said.append((context["all_portals"], context["minutes"]))
        world.clock.advance(2)
        await pc.confirm((await phone.decide(asked)).digits)
        response = (await pc.claim()).response
        assert response.redirect_uri == "https://keycloak.test/broker/qr/endpoint"
    assert said == [(True, 480), (True, 480)]


# P4: time to read; no approval across a sign-in in the middle


async def test_an_approval_before_anybody_could_read_is_refused(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(1.9)
    with pytest.raises(TooSoon):
        await phone.decide(asked)
    world.clock.advance(0.1)
    assert (await phone.decide(asked)).approved


async def test_a_sign_in_in_the_middle_needs_a_fresh_scan(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    asked = await phone.scan((await pc.open()).frame)
    world.clock.advance(2)
    phone.who = replace(phone.who, session=digest("a new session"))
    with pytest.raises(Forbidden):
        await phone.decide(asked)


# P5, P7: the reverse check


async def test_the_fourth_try_is_refused_even_if_right(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open()).frame)
    wrong = f"{(int(decided.digits) + 1) % 10000:04}"
    for left in (2, 1, 0):
        with pytest.raises(WrongDigits) as error:
            await pc.confirm(wrong)
        assert error.value.left == left
    with pytest.raises(Gone):
        await pc.confirm(decided.digits)
    assert (await pc.status()).state is State.CANCELLED


async def test_parallel_guesses_get_no_more_than_three_tries(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open()).frame)
    guesses = [f"{n:04}" for n in range(200) if f"{n:04}" != decided.digits]
    results = await gathered(*(pc.confirm(guess) for guess in guesses))
    assert sum(isinstance(r, WrongDigits) for r in results) <= 3
    assert successes(results) == []


async def test_the_right_digits_in_another_browser_are_refused(world: World) -> None:
    pc, other, phone = world.browser(), world.browser("other"), await world.phone()
    decided = await phone.approve((await pc.open()).frame)
    await other.open()
    with pytest.raises(Gone):
        await other.confirm(decided.digits)


async def test_a_click_does_not_replace_the_digits(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    await phone.approve((await pc.open()).frame)
    with pytest.raises(WrongDigits):
        await pc.confirm("")


@pytest.mark.parametrize(("gesture", "digits"), [("in_app", 0), ("foreign", 4), ("typed", 4)])
async def test_a_known_browser_is_spared_the_digits_unless_a_foreign_scanner_opened_it(
    world: World, gesture: str, digits: int
) -> None:
    pc, phone = world.browser(), await world.phone()
    place = Place(remembers=(account_mark(REALM, "zhang"),))
    asked = await phone.scan((await pc.open(place)).frame, gesture)
    world.clock.advance(2)
    assert len((await phone.decide(asked)).digits) == digits


async def test_a_browser_that_knows_another_account_is_not_spared(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    place = Place(remembers=(account_mark(REALM, "wang"),))
    assert len((await phone.approve((await pc.open(place)).frame)).digits) == 4


# P6: the phone's own sign-in


@pytest.mark.parametrize("changes", [{"acr": "qr"}, {"acr": ""}, {"age": 12 * 3600 + 1}])
async def test_an_old_or_weak_phone_session_must_prove_itself_first(
    world: World, changes: dict[str, Any]
) -> None:
    pc, phone = world.browser(), await world.phone()
    age = timedelta(seconds=changes.pop("age", 0))
    phone.who = replace(phone.who, auth_time=world.clock() - age, **changes)
    with pytest.raises(StepUpNeeded):
        await phone.scan((await pc.open()).frame)
    assert (await pc.status()).state is State.PENDING


async def test_a_hosting_network_asks_for_a_fresh_act(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    phone.who = replace(phone.who, auth_time=world.clock() - timedelta(minutes=6))
    frame = (await pc.open(Place(warnings=("hosting_network",)))).frame
    with pytest.raises(StepUpNeeded):
        await phone.scan(frame)


# P8: kiosks


async def test_at_the_kiosk_no_digits_are_needed_and_far_away_it_ends(world: World) -> None:
    kiosk, _ = await world.kiosk()
    near = replace(kiosk.position, latitude=kiosk.position.latitude + 0.0005, accuracy=50)
    for datum in (near, gcj02(near)):
        pc, phone = world.browser(), await world.phone()
        shown = await pc.open(Place(kiosk=kiosk.id))
        decided = await phone.approve(shown.frame, position=datum)
        assert decided.digits == ""
    pc, phone = world.browser(), await world.phone()
    shown = await pc.open(Place(kiosk=kiosk.id))
    with pytest.raises(TooFar):
        await phone.approve(shown.frame, position=Position(22.60, 113.90, accuracy=10))
    assert (await pc.status()).state is State.CANCELLED


@pytest.mark.parametrize("position", [None, Position(22.5741, 113.8684, accuracy=201)])
async def test_without_a_usable_position_the_digits_are_asked(
    world: World, position: Position | None
) -> None:
    kiosk, _ = await world.kiosk()
    pc, phone = world.browser(), await world.phone()
    shown = await pc.open(Place(kiosk=kiosk.id))
    assert len((await phone.approve(shown.frame, position=position)).digits) == 4


async def test_only_an_enrolled_unrevoked_kiosk_proves_itself_and_once(world: World) -> None:
    kiosk, key = await world.kiosk()
    url = "https://sso.test/qr/start"

    def proof(signer: SigningKey, jti: str, interaction: str = "i1") -> str:
        return signer.proof(url, world.clock(), jti=jti, typ="kiosk+jwt", interaction=interaction)

    async def prove(kiosk_id: str, given: str) -> str:
        proven = await world.kiosks.prove(kiosk_id=kiosk_id, proof=given, url=url, interaction="i1")
        return proven.id

    good = proof(key, "j1")
    assert await prove(kiosk.id, good) == kiosk.id
    for kiosk_id, given in (
        (kiosk.id, good),
        ("unknown", proof(key, "j2")),
        (kiosk.id, proof(SigningKey(), "j3")),
        (kiosk.id, proof(key, "j4", interaction="another")),
        (kiosk.id, key.proof(url, world.clock(), jti="j5", interaction="i1")),
    ):
        with pytest.raises(KioskRefused):
            await prove(kiosk_id, given)
    await world.kiosks.revoke(kiosk.id)
    with pytest.raises(KioskRefused):
        await prove(kiosk.id, proof(key, "j6"))


# P9: the same network proves nothing


async def test_the_same_network_never_replaces_the_digits(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    place = Place(network="10.1.2.0/24", city="深圳")
    phone.who = replace(phone.who, city="深圳")
    assert len((await phone.approve((await pc.open(place)).frame)).digits) == 4


# P10: DPoP


async def test_a_proof_counts_once_and_for_one_request_only(world: World) -> None:
    phone = await world.phone()
    good = phone.proof(SCAN_URL)

    async def prove(proof: str, method: str = "POST", url: str = SCAN_URL) -> None:
        await world.devices.prove(realm=REALM, subject="zhang", proof=proof, method=method, url=url)

    await prove(good)
    with pytest.raises(DeviceRefused, match="before"):
        await prove(good)
    with pytest.raises(DeviceRefused, match="another request"):
        await prove(phone.proof(SCAN_URL), method="GET")
    with pytest.raises(DeviceRefused, match="another request"):
        await prove(phone.proof(SCAN_URL), url=DECIDE_URL)
    with pytest.raises(DeviceRefused, match="not registered"):
        await world.devices.prove(
            realm=REALM, subject="wang", proof=phone.proof(SCAN_URL), method="POST", url=SCAN_URL
        )
    late = phone.proof(SCAN_URL)
    world.clock.advance(61)
    with pytest.raises(DeviceRefused, match="too long ago"):
        await prove(late)


async def test_a_revoked_phone_proves_nothing_and_its_key_never_returns(world: World) -> None:
    phone = await world.phone()
    await world.devices.revoke_all(REALM, "zhang")
    with pytest.raises(DeviceRefused):
        await phone.scan((await world.browser().open()).frame)
    with pytest.raises(Conflict):
        await phone.register()


# A1: the account at claim


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"manages_realm": True},
        {"roles": frozenset({"bridge-admin"})},
    ],
)
async def test_an_account_that_changed_meanwhile_is_not_signed_in(
    world: World, change: dict[str, Any]
) -> None:
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open()).frame)
    await pc.confirm(decided.digits)
    world.accounts.change(REALM, "zhang", **change)
    with pytest.raises(AccountRefused):
        await pc.claim()
    assert world.sign_ins.rows == {}


async def test_a_claim_links_the_account_by_its_own_id_only(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    decided = await phone.approve((await pc.open()).frame)
    await pc.confirm(decided.digits)
    await pc.claim()
    assert world.accounts.links == {(REALM, "zhang", "qr")}


# A5: limits


async def test_starts_are_limited_by_network_and_by_browser(world: World) -> None:
    for number in range(20):
        await world.browser(f"pc{number}").open()
    with pytest.raises(TooManyRequests):
        await world.browser("one more").open()
    world.clock.advance(60)
    pc = world.browser("pc")
    for _ in range(60):
        world.clock.advance(4)
        await pc.open()
    world.clock.advance(60)
    with pytest.raises(TooManyRequests):
        await pc.open()


async def test_unknown_frames_are_counted_against_the_phone(world: World) -> None:
    phone = await world.phone()
    for number in range(5):
        with pytest.raises(Gone):
            await phone.seen(f"no-such-frame-{number}")
    with pytest.raises(TooManyRequests):
        await phone.seen("no-such-frame-5")


async def test_three_denials_in_ten_minutes_switch_qr_login_off_for_thirty(world: World) -> None:
    phone = await world.phone()
    for number in range(3):
        asked = await phone.scan((await world.browser(f"pc{number}").open()).frame)
        await phone.decide(asked, "deny")
    with pytest.raises(QrLocked):
        await phone.scan((await world.browser().open()).frame)
    world.clock.advance(30 * 60)
    assert (await phone.scan((await world.browser().open()).frame)).reference


async def test_short_codes_cannot_be_guessed_at_leisure(world: World) -> None:
    phone = await world.phone()
    await world.browser().open()
    for _ in range(5):
        with pytest.raises(Gone):
            await world.approval.typed("00000-00000", phone.who)
    with pytest.raises(TooManyRequests):
        await world.approval.typed("00000-00000", phone.who)


# A6: what the record holds


async def test_the_audit_holds_no_frame_secret_digit_or_code(world: World) -> None:
    pc, phone = world.browser(), await world.phone()
    shown = await pc.open()
    decided = await phone.approve(shown.frame)
    await pc.confirm(decided.digits)
    signed_in = await pc.claim()
    record = repr(world.audit.events)
    for secret in (
        shown.frame,
        pc.secret,
        pc.interaction,
        signed_in.token,
        signed_in.response.params["code"],
        f"'{decided.digits}'",
    ):
        assert secret not in record
