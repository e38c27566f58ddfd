import json

import pytest

from tests.web.qr_world import RESIDENT, Mobile, Pc, QrWorld


@pytest.fixture
def world() -> QrWorld:
    return QrWorld()


@pytest.fixture
async def phone(world: QrWorld) -> Mobile:
    phone = Mobile(world)
    await phone.sign_in()
    await phone.register()
    return phone


async def a_code(world: QrWorld) -> tuple[Pc, str]:
    pc = Pc(world)
    await pc.arrive()
    return pc, (await pc.start()).json()["frame"]


async def signed_in(world: QrWorld, phone: Mobile) -> str:
    """A computer signed in by this phone; its sid."""
    pc, frame = await a_code(world)
    asked = (await phone.scan(frame)).json()
    world.core.clock.advance(2)
    digits = (await phone.decide(asked)).json()["digits"]
    await pc.act("confirm", digits=digits)
    await pc.act("claim")
    listed = (await phone.get("/phone/sign-ins", "application/json")).json()["sign_ins"]
    return str(listed[0]["sid"])


async def test_the_scanner_opens_signed_out_and_a_code_can_be_held(world: QrWorld) -> None:
    phone = Mobile(world)
    _, frame = await a_code(world)

    page = await phone.get("/q")
    held = await phone.post("/q/seen", {"frame": frame})

    assert page.status_code == 200
    assert held.status_code == 204


async def test_a_code_first_seen_too_late_is_gone(world: QrWorld) -> None:
    phone = Mobile(world)
    _, frame = await a_code(world)
    await phone.get("/q")
    world.core.clock.advance(25)

    assert (await phone.post("/q/seen", {"frame": frame})).status_code == 410


async def test_a_code_seen_in_time_may_be_read_a_minute_later_by_that_phone_only(
    world: QrWorld, phone: Mobile
) -> None:
    other = Mobile(world)
    await other.sign_in("wang")
    await other.register()
    _, frame = await a_code(world)
    world.core.clock.advance(15)
    await phone.post("/q/seen", {"frame": frame})
    world.core.clock.advance(45)

    assert (await other.scan(frame)).status_code == 410
    assert (await phone.scan(frame)).status_code == 200


async def test_a_phone_that_is_not_signed_in_scans_nothing(world: QrWorld) -> None:
    phone = Mobile(world)
    await phone.get("/q")
    _, frame = await a_code(world)

    refused = await phone.scan(frame)

    assert (refused.status_code, refused.json()["error"]) == (401, "login_required")


async def test_the_context_says_all_portals_first_and_how_long(
    world: QrWorld, phone: Mobile
) -> None:
    _, frame = await a_code(world)

    context = json.loads((await phone.scan(frame)).json()["context"])

    assert context["all_portals"] is True
    assert context["minutes"] == 480
    assert (context["browser"], context["system"]) == ("Chrome", "Windows")


async def test_a_stolen_cookie_without_the_key_decides_nothing(
    world: QrWorld, phone: Mobile
) -> None:
    _, frame = await a_code(world)
    asked = (await phone.scan(frame)).json()
    world.core.clock.advance(2)
    thief = Mobile(world)
    thief.client.cookies.update(phone.client.cookies)
    thief.csrf = phone.csrf

    refused = await thief.decide(asked)

    assert (refused.status_code, refused.json()["error"]) == (403, "device_refused")


async def test_a_proof_is_good_once_and_for_its_address_only(world: QrWorld, phone: Mobile) -> None:
    _, frame = await a_code(world)
    proof = phone.proof("/q/scan")
    said = {"frame": frame, "gesture": "in_app"}

    first = await phone.tell("/q/scan", said, dpop=proof)
    replayed = await phone.tell("/q/scan", said, dpop=proof)
    elsewhere = await phone.tell("/q/scan", said, dpop=phone.proof("/q/decide"))

    assert [first.status_code, replayed.status_code, elsewhere.status_code] == [200, 403, 403]


async def test_without_the_csrf_token_or_from_another_site_nothing_is_decided(
    world: QrWorld, phone: Mobile
) -> None:
    _, frame = await a_code(world)
    said = {"frame": frame, "gesture": "in_app"}

    unknown = await phone.tell("/q/scan", said, **{"x-csrf-token": "x"})
    foreign = await phone.tell("/q/scan", said, origin="https://evil.test")

    assert [unknown.status_code, foreign.status_code] == [403, 403]


async def test_a_get_decides_nothing(world: QrWorld, phone: Mobile) -> None:
    for path in ("/q/scan", "/q/decide", "/q/seen", "/phone/register", "/phone/lost"):
        assert (await phone.get(path)).status_code == 405


async def test_nobody_can_approve_before_the_think_time(world: QrWorld, phone: Mobile) -> None:
    _, frame = await a_code(world)
    asked = (await phone.scan(frame)).json()
    world.core.clock.advance(1)

    assert (await phone.decide(asked)).json()["error"] == "too_soon"


async def test_a_sign_in_in_the_middle_asks_for_a_fresh_scan(world: QrWorld, phone: Mobile) -> None:
    _, frame = await a_code(world)
    asked = (await phone.scan(frame)).json()
    await phone.sign_in()
    world.core.clock.advance(2)

    assert (await phone.decide(asked)).status_code == 403


async def test_registering_needs_a_fresh_sign_in(world: QrWorld) -> None:
    phone = Mobile(world)
    await phone.sign_in()
    world.core.clock.advance(301)
    await world.core.revocations.heard("residents")

    refused = await phone.register()

    assert refused.json()["error"] == "fresh_sign_in_needed"


async def test_a_sign_in_by_qr_registers_no_phone(world: QrWorld) -> None:
    phone = Mobile(world)
    await phone.sign_in(acr="qr")

    assert (await phone.register()).json()["error"] == "fresh_sign_in_needed"


@pytest.mark.parametrize(
    "position",
    [
        {"latitude": "x", "longitude": 1, "accuracy": 1},
        {"latitude": 91, "longitude": 1, "accuracy": 1},
        {"latitude": 1, "longitude": 1, "accuracy": -1},
        {"latitude": 1, "longitude": 1},
        {"latitude": 1, "longitude": 1, "accuracy": 1, "datum": "flat"},
        "here",
    ],
)
async def test_what_is_no_position_is_refused(
    world: QrWorld, phone: Mobile, position: object
) -> None:
    _, frame = await a_code(world)
    asked = (await phone.scan(frame)).json()
    world.core.clock.advance(2)

    assert (await phone.decide(asked, position=position)).status_code == 400


async def test_the_page_lists_phones_and_sign_ins(world: QrWorld, phone: Mobile) -> None:
    await signed_in(world, phone)

    page = (await phone.get("/phone")).text

    assert "我的手机" in page
    assert "Chrome · Windows" in page
    assert "登录中" in page


async def test_each_sign_in_is_a_notice_until_it_ends(world: QrWorld, phone: Mobile) -> None:
    sid = await signed_in(world, phone)

    before = (await phone.get("/phone/notices", "application/json")).json()["notices"]
    await phone.submit("/phone/end", {"csrf": phone.csrf, "sid": sid})
    after = (await phone.get("/phone/notices", "application/json")).json()["notices"]

    assert [notice["text"] for notice in before] == ["Chrome · Windows 刚刚以您的身份登录"]
    assert after == []


async def test_ending_a_sign_in_ends_it_everywhere(world: QrWorld, phone: Mobile) -> None:
    sid = await signed_in(world, phone)

    ended = await phone.submit("/phone/end", {"csrf": phone.csrf, "sid": sid})

    assert (ended.status_code, ended.headers["location"]) == (303, "/phone")
    assert world.logout.ended == [("residents", sid)]


async def test_this_was_not_me_ends_it_and_locks_qr_login(world: QrWorld, phone: Mobile) -> None:
    sid = await signed_in(world, phone)

    await phone.submit("/phone/not-me", {"csrf": phone.csrf, "sid": sid})
    _, frame = await a_code(world)

    assert (await phone.scan(frame)).json()["error"] == "qr_locked"
    assert "qr_sign_in_disowned" in world.core.audit.names


async def test_nobody_ends_the_sign_in_of_somebody_else(world: QrWorld, phone: Mobile) -> None:
    sid = await signed_in(world, phone)
    other = Mobile(world)
    await other.sign_in("wang")

    refused = await other.submit("/phone/end", {"csrf": other.csrf, "sid": sid})

    assert refused.status_code == 404
    assert world.logout.ended == []


async def test_a_lost_phone_is_forgotten_and_what_it_signed_in_ends(
    world: QrWorld, phone: Mobile
) -> None:
    sid = await signed_in(world, phone)
    browser = Mobile(world)
    await browser.sign_in()

    await browser.submit("/phone/lost", {"csrf": browser.csrf})
    _, frame = await a_code(world)

    assert (await phone.scan(frame)).json()["error"] == "device_refused"
    assert world.logout.ended == [("residents", sid)]


async def test_a_removed_phone_decides_nothing_more(world: QrWorld, phone: Mobile) -> None:
    listed = (await phone.get("/phone/devices", "application/json")).json()["devices"]

    await phone.submit("/phone/revoke", {"csrf": phone.csrf, "id": listed[0]["id"]})
    _, frame = await a_code(world)

    assert (await phone.scan(frame)).json()["error"] == "device_refused"


async def test_the_worker_of_the_installed_portal_keeps_the_offline_page_only(
    world: QrWorld,
) -> None:
    phone = Mobile(world)

    worker = await phone.get("/sw.js")
    offline = await phone.get("/offline")

    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.text.count("cache.put(") == 1
    assert offline.status_code == 200
    assert RESIDENT not in offline.text
