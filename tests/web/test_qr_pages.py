import json

import httpx
import pytest

from idp_bridge.core.cookies import browser_cookie, cookie_name, op_session_cookie
from idp_bridge.core.geo import Position
from idp_bridge.core.qr_flow import State
from tests.fakes import SigningKey
from tests.web.qr_world import ISSUER, Mobile, Pc, QrWorld


@pytest.fixture
def world() -> QrWorld:
    return QrWorld()


@pytest.fixture
def pc(world: QrWorld) -> Pc:
    return Pc(world)


async def a_phone(world: QrWorld, subject: str = "zhang") -> Mobile:
    phone = Mobile(world)
    await phone.sign_in(subject)
    assert (await phone.register()).status_code == 201
    return phone


async def approved(world: QrWorld, pc: Pc, phone: Mobile) -> str:
    """The digits of an approval of what ``pc`` shows."""
    await pc.arrive()
    frame = (await pc.start()).json()["frame"]
    asked = (await phone.scan(frame)).json()
    world.core.clock.advance(2)
    decided = await phone.decide(asked)
    assert decided.status_code == 200, decided.text
    return str(decided.json()["digits"])


async def test_a_resident_signs_a_computer_in_with_a_phone_and_four_digits(
    world: QrWorld, pc: Pc
) -> None:
    phone = await a_phone(world)

    digits = await approved(world, pc, phone)
    world.core.clock.advance(2)
    waiting = (await pc.status()).json()
    confirmed = await pc.act("confirm", digits=digits)
    claimed = await pc.act("claim")

    assert (waiting["state"], waiting["name"], waiting["digits"]) == ("approved", "张*", 4)
    assert confirmed.json()["state"] == "confirmed"
    assert claimed.json()["location"].startswith("https://keycloak.test/broker/qr/endpoint?code=")
    assert op_session_cookie(ISSUER, "residents") in claimed.cookies


async def test_a_form_may_claim_too_and_is_redirected(world: QrWorld, pc: Pc) -> None:
    digits = await approved(world, pc, await a_phone(world))
    await pc.act("confirm", digits=digits)

    claimed = await pc.submit("/qr/claim", {"i": pc.interaction})

    assert claimed.status_code == 303
    assert "code=" in claimed.headers["location"]


async def test_the_browser_secret_is_another_one_after_sign_in(world: QrWorld, pc: Pc) -> None:
    digits = await approved(world, pc, await a_phone(world))
    await pc.act("confirm", digits=digits)

    await pc.act("claim")

    assert pc.client.cookies[browser_cookie(ISSUER)] != pc.secret


async def test_a_known_browser_needs_a_click_only(world: QrWorld, pc: Pc) -> None:
    phone = await a_phone(world)
    await pc.act("confirm", digits=await approved(world, pc, phone))
    await pc.act("claim")
    pc.secret = pc.client.cookies[browser_cookie(ISSUER)]

    digits = await approved(world, pc, phone)
    status = await pc.act("confirm", digits="")

    assert digits == ""
    assert status.json()["state"] == "confirmed"


async def test_an_altered_memory_of_a_browser_counts_for_nothing(world: QrWorld, pc: Pc) -> None:
    phone = await a_phone(world)
    await pc.act("confirm", digits=await approved(world, pc, phone))
    await pc.act("claim")
    pc.secret = pc.client.cookies[browser_cookie(ISSUER)]
    name = cookie_name("known", ISSUER)
    kept = pc.client.cookies[name]
    pc.hold(name, kept[:-1] + ("0" if kept[-1] != "0" else "1"))

    assert await approved(world, pc, phone) != ""


async def test_the_status_of_a_waiting_page_never_names_anybody(world: QrWorld, pc: Pc) -> None:
    phone = await a_phone(world)
    await pc.arrive()
    pending = (await pc.start()).json()
    await phone.scan(pending["frame"])
    world.core.clock.advance(2)
    scanned = (await pc.status()).json()

    assert set(pending) == {"state", "ends", "now", "frame", "frame_ends"}
    assert set(scanned) == {"state", "ends", "now"}


async def test_wrong_digits_say_how_many_tries_are_left_and_the_last_ends_it(
    world: QrWorld, pc: Pc
) -> None:
    digits = await approved(world, pc, await a_phone(world))
    wrong = "0000" if digits != "0000" else "1111"

    left = [(await pc.act("confirm", digits=wrong)).json()["left"] for _ in range(3)]
    fourth = await pc.act("confirm", digits=digits)

    assert left == [2, 1, 0]
    assert fourth.status_code == 410


async def test_another_browser_with_the_interaction_gets_nothing(world: QrWorld, pc: Pc) -> None:
    await pc.arrive()
    await pc.start()
    thief = Pc(world)
    thief.interaction = pc.interaction

    answers = [await thief.status(), await thief.start(), await thief.act("claim")]
    answers.append(await thief.get(f"/qr/events?i={pc.interaction}", "text/event-stream"))

    assert [answer.status_code for answer in answers] == [404, 400, 400, 404]


async def test_without_a_cookie_there_is_nothing_to_see(world: QrWorld, pc: Pc) -> None:
    await pc.arrive()
    await pc.start()
    pc.client.cookies.clear()

    assert (await pc.status()).status_code == 400


async def test_a_page_of_another_site_cannot_act(world: QrWorld, pc: Pc) -> None:
    await pc.arrive()
    for headers in (
        {"origin": "https://evil.test"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "null"},
    ):
        refused = await pc.post("/qr/start", {"i": pc.interaction}, **headers)
        assert refused.status_code == 403


async def test_polling_too_fast_is_slowed_down(world: QrWorld, pc: Pc) -> None:
    await pc.arrive()
    await pc.start()
    await pc.status()

    fast = await pc.status()

    assert fast.status_code == 429
    assert int(fast.headers["retry-after"]) == 7


async def test_a_get_changes_nothing(world: QrWorld, pc: Pc) -> None:
    await pc.arrive()
    frame = (await pc.start()).json()["frame"]
    preview = Mobile(world)
    for _ in range(20):
        await preview.get("/q")
        await preview.client.head("/q")
        await pc.get(f"/sign-in?i={pc.interaction}")
    world.core.clock.advance(2)

    status = (await pc.status()).json()

    assert (status["state"], status["frame"]) == ("pending", frame)


async def test_another_way_in_answers_keycloak_with_access_denied(world: QrWorld, pc: Pc) -> None:
    await pc.arrive()
    await pc.start()

    left = await pc.submit("/qr/other", {"i": pc.interaction})

    assert left.status_code == 303
    assert "error=access_denied" in left.headers["location"]
    assert (await pc.get(f"/sign-in?i={pc.interaction}")).status_code == 410


async def test_another_way_in_for_other_clients_is_keycloaks_own_page(
    world: QrWorld, pc: Pc
) -> None:
    await pc.arrive(client_id="suite", redirect_uri="https://suite.test/cb")

    left = await pc.submit("/qr/other", {"i": pc.interaction})

    assert left.headers["location"] == f"/sign-in/keycloak?i={pc.interaction}"


async def test_what_no_scan_can_prove_is_asked_at_keycloak(world: QrWorld, pc: Pc) -> None:
    page = await pc.arrive(client_id="suite", acr_values="passkey")

    assert page.headers["location"] == f"/sign-in/keycloak?i={pc.interaction}"


async def test_the_forms_of_the_page_may_lead_to_its_client_and_to_nobody_else(
    world: QrWorld, pc: Pc
) -> None:
    page = await pc.arrive(client_id="suite", redirect_uri="https://suite.test/cb")

    policy = page.headers["content-security-policy"]

    assert policy.endswith("form-action 'self' https://keycloak.test https://suite.test")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


async def test_not_me_kills_the_code_and_the_request_waits_on(world: QrWorld, pc: Pc) -> None:
    digits = await approved(world, pc, await a_phone(world))

    await pc.act("discard")

    assert (await pc.act("confirm", digits=digits)).status_code == 410
    assert (await pc.start()).json()["state"] == State.PENDING


async def test_a_short_code_is_made_on_request_and_asks_for_digits_always(
    world: QrWorld, pc: Pc
) -> None:
    phone = await a_phone(world)
    await pc.arrive()
    await pc.start()
    code = (await pc.act("short-code")).json()["code"]

    frame = (await phone.tell("/q/typed", {"code": code.lower().replace("-", " ")})).json()["frame"]
    asked = (await phone.scan(frame, "typed")).json()
    world.core.clock.advance(2)
    decided = (await phone.decide(asked)).json()

    assert len(decided["digits"]) == 4


async def test_guessed_short_codes_stop_the_account(world: QrWorld, pc: Pc) -> None:
    phone = await a_phone(world)
    await pc.arrive()
    await pc.start()
    code = (await pc.act("short-code")).json()["code"]

    guesses = [await phone.tell("/q/typed", {"code": f"AAAAA-AAAA{n}"}) for n in range(6)]

    assert [guess.status_code for guess in guesses] == [410] * 5 + [429]
    assert (await phone.tell("/q/typed", {"code": code})).status_code == 200


async def test_only_a_registered_app_is_ever_named(world: QrWorld, pc: Pc) -> None:
    known = await pc.arrive(app_hint="legal-aid")
    forged = await pc.arrive(app_hint="<b>Your bank</b>")

    assert "法律援助 · Legal aid" in known.text
    assert "bank" not in forged.text


async def test_the_stream_says_what_the_poll_says_and_ends_with_the_flow(
    world: QrWorld, pc: Pc
) -> None:
    await pc.arrive()
    frame = (await pc.start()).json()["frame"]
    await pc.act("discard")

    stream = await pc.get(f"/qr/events?i={pc.interaction}", "text/event-stream")

    told = json.loads(stream.text.removeprefix("data: "))
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert told["state"] == "cancelled"
    assert frame not in stream.text


class TestKiosk:
    URL = f"{ISSUER}/kiosk/enrol"
    HALL = Position(22.5741, 113.8684)

    async def enrolled(self, world: QrWorld, pc: Pc) -> tuple[str, SigningKey]:
        _, code = await world.core.kiosks.announce(name="1号机", address="大厅", position=self.HALL)
        key = SigningKey()
        proof = key.proof(self.URL, world.core.clock(), jti="enrol-1", typ="kiosk+jwt")
        answer = await pc.post("/kiosk/enrol", {"code": code, "proof": proof})
        assert answer.status_code == 201
        return answer.json()["id"], key

    def claim_of(self, world: QrWorld, pc: Pc, kiosk_id: str, key: SigningKey) -> dict[str, str]:
        url, now = f"{ISSUER}/qr/start", world.core.clock()
        facts = {"typ": "kiosk+jwt", "interaction": pc.interaction}
        return {"id": kiosk_id, "proof": key.proof(url, now, jti="start-1-1", **facts)}

    async def start(self, world: QrWorld, pc: Pc) -> httpx.Response:
        kiosk_id, key = await self.enrolled(world, pc)
        await pc.arrive()
        return await pc.start(kiosk=self.claim_of(world, pc, kiosk_id, key))

    async def test_a_proven_kiosk_is_shown_by_name_and_a_near_phone_needs_no_digits(
        self, world: QrWorld, pc: Pc
    ) -> None:
        phone = await a_phone(world)
        frame = (await self.start(world, pc)).json()["frame"]

        asked = (await phone.scan(frame)).json()
        world.core.clock.advance(2)
        here = {"latitude": 22.5741, "longitude": 113.8684, "accuracy": 30, "datum": "WGS-84"}
        decided = await phone.decide(asked, position=here)

        assert json.loads(asked["context"])["kiosk"] == {"name": "1号机", "address": "大厅"}
        assert decided.json()["digits"] == ""

    async def test_a_far_phone_is_refused(self, world: QrWorld, pc: Pc) -> None:
        phone = await a_phone(world)
        frame = (await self.start(world, pc)).json()["frame"]
        asked = (await phone.scan(frame)).json()
        world.core.clock.advance(2)

        far = {"latitude": 22.60, "longitude": 113.87, "accuracy": 30, "datum": "WGS-84"}
        decided = await phone.decide(asked, position=far)

        assert (decided.status_code, decided.json()["error"]) == (403, "too_far")

    async def test_an_unregistered_kiosk_starts_nothing(self, world: QrWorld, pc: Pc) -> None:
        await self.enrolled(world, pc)
        await pc.arrive()

        refused = await pc.start(kiosk=self.claim_of(world, pc, "no-such-one", SigningKey()))

        assert (refused.status_code, refused.json()["error"]) == (403, "kiosk_refused")

    async def test_the_shell_ends_the_session_and_the_cookies_of_who_left(
        self, world: QrWorld, pc: Pc
    ) -> None:
        digits = await approved(world, pc, await a_phone(world))
        await pc.act("confirm", digits=digits)
        await pc.act("claim")

        ended = await pc.post("/kiosk/end", {})

        assert ended.headers["clear-site-data"] == '"cookies", "cache"'
        assert [realm for realm, _ in world.logout.ended] == ["residents"]


class TestActivation:
    async def test_a_good_code_signs_in_at_the_lowest_level_and_asks_for_a_credential(
        self, world: QrWorld, pc: Pc
    ) -> None:
        code = await world.activations.issue(subject="zhang", actor="counter-1")
        await pc.arrive(client_id="keycloak-activation", level="activation")

        said = {"i": pc.interaction, "code": code, "credential": "password"}
        answer = await pc.submit("/activate", said)

        assert answer.status_code == 303
        assert "code=" in answer.headers["location"]
        assert world.core.accounts.actions == [("residents", "zhang", "UPDATE_PASSWORD")]

    async def test_a_code_works_once_and_the_form_says_so(self, world: QrWorld, pc: Pc) -> None:
        code = await world.activations.issue(subject="zhang", actor="counter-1")
        for _ in range(2):
            pc.secret = pc.client.cookies[browser_cookie(ISSUER)]
            await pc.arrive(client_id="keycloak-activation", level="activation")
            said = {"i": pc.interaction, "code": code, "credential": "passkey"}
            answer = await pc.submit("/activate", said)

        assert answer.status_code == 400
        assert "已经用过" in answer.text

    async def test_guessing_is_stopped(self, world: QrWorld, pc: Pc) -> None:
        await pc.arrive(client_id="keycloak-activation", level="activation")
        said = {"i": pc.interaction, "code": "AAAAA-AAAAA", "credential": "password"}

        answers = [(await pc.submit("/activate", said)).status_code for _ in range(6)]

        assert answers == [400] * 5 + [429]

    async def test_the_sign_in_page_of_the_activation_client_is_the_form(
        self, world: QrWorld, pc: Pc
    ) -> None:
        page = await pc.arrive(client_id="keycloak-activation", level="activation")

        assert page.headers["location"] == f"/activate?i={pc.interaction}"
