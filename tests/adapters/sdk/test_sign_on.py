"""What an app gets from its SDK, whichever framework it is made with."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import jwt

from idp_bridge_adapters.keys import KeySet
from idp_bridge_adapters.signed_header import KIND, SignedHeader
from idp_bridge_adapters.stores import MemoryStore
from idp_bridge_adapters.testing import FakeBridge, IssuerForTests
from tests.adapters.sdk.fake_world import Visitor

Start = Callable[..., Visitor]
JSON = {"accept": "application/json"}


def test_a_page_sends_to_sign_in_and_afterwards_that_very_page_is_shown(visitor: Visitor):
    sent = visitor.get("/bookings?day=2")

    back = visitor.back(sent.headers["location"], roles=["counsellor"], name="陈静")

    assert (back.status_code, back.headers["location"]) == (302, "/bookings?day=2")
    page = visitor.get("/bookings?day=2")
    assert page.json() == {
        "name": "陈静",
        "realm": "workers",
        "roles": ["counsellor"],
        "acr": "password",
    }


def test_a_program_without_a_session_gets_a_status_and_no_redirect(visitor: Visitor):
    answer = visitor.get("/bookings", JSON)
    fetched = visitor.get("/bookings", {"accept": "text/html", "sec-fetch-mode": "cors"})

    assert (answer.status_code, answer.json()) == (401, {"error": "login_required"})
    assert fetched.status_code == 401
    assert answer.headers["cache-control"] == "no-store"


def test_the_wrong_role_is_refused_and_no_role_at_all_is_told_apart(visitor: Visitor):
    visitor.sign_in(roles=["visitor"])
    page = visitor.get("/bookings", {"accept": "text/html", "accept-language": "en"})
    assert page.status_code == 403
    assert "not among your duties" in page.text

    visitor.sign_in(roles=[])
    page = visitor.get("/", {"accept": "text/html", "accept-language": "zh-CN"})
    assert page.status_code == 403
    assert "您目前不能进入本应用" in page.text


def test_a_role_reaches_the_units_of_the_posts_that_give_it_and_no_others(visitor: Visitor):
    visitor.sign_in(roles=["registrar"], groups=["/baoan/xixiang/staff", "/baoan/xinan/counsellor"])

    assert visitor.get("/units/xixiang").status_code == 200
    assert visitor.get("/units/xinan").status_code == 403


def test_a_post_without_the_apps_role_opens_nothing(visitor: Visitor):
    visitor.sign_in(roles=["visitor"], groups=["/baoan/xixiang/staff"])

    assert visitor.get("/units/xixiang").status_code == 403


def test_a_role_taken_or_given_is_followed_after_two_seconds(visitor: Visitor):
    visitor.sign_in(roles=["counsellor"])
    visitor.bridge.change(roles=["visitor"])
    assert visitor.get("/bookings").status_code == 200

    visitor.bridge.wait(2.1)
    assert visitor.get("/bookings").status_code == 403
    visitor.bridge.change(roles=["counsellor"])
    visitor.bridge.wait(2.1)
    assert visitor.get("/bookings").status_code == 200


def test_a_session_that_ended_at_the_issuer_is_over_after_two_seconds(visitor: Visitor):
    visitor.sign_in(roles=["counsellor"])
    visitor.bridge.end()
    visitor.bridge.wait(2.1)

    assert visitor.get("/bookings", JSON).status_code == 401
    assert visitor.get("/bookings", JSON).status_code == 401


def test_while_the_issuer_is_away_nobody_gets_in_and_nobody_is_signed_out(visitor: Visitor):
    visitor.sign_in(roles=["counsellor"])
    visitor.bridge.answers = False
    visitor.bridge.wait(2.1)
    assert visitor.get("/bookings", JSON).status_code == 503
    assert "统一登录暂时没有应答" in visitor.get("/bookings").text

    visitor.bridge.answers = True
    assert visitor.get("/bookings").status_code == 200


def test_a_store_that_fails_lets_nobody_in(start: Start, bridge: FakeBridge):
    class Broken(MemoryStore):
        def get(self, key: str) -> bytes | None:
            raise ConnectionError

    visitor = start(bridge, {"store": Broken()})
    visitor.jar.set("__Host-app-443", "anything")

    assert visitor.get("/bookings", JSON).status_code == 503


def test_a_back_channel_logout_ends_the_named_session_at_once_and_no_other(visitor: Visitor):
    other = visitor.beside()
    visitor.sign_in(roles=["counsellor"], sid="one", subject="u1")
    other.sign_in(roles=["counsellor"], sid="two", subject="u1")

    answer = visitor.post(
        "/backchannel-logout", logout_token=visitor.bridge.logout_token("one", sub="u1")
    )

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert visitor.get("/bookings", JSON).status_code == 401
    assert other.get("/bookings", JSON).status_code == 200


def test_a_back_channel_logout_by_subject_ends_all_sessions_of_that_person(visitor: Visitor):
    other = visitor.beside()
    visitor.sign_in(roles=["counsellor"], sid="one", subject="u1")
    other.sign_in(roles=["counsellor"], sid="two", subject="u2")

    visitor.post("/backchannel-logout", logout_token=visitor.bridge.logout_token(None, sub="u1"))

    assert visitor.get("/bookings", JSON).status_code == 401
    assert other.get("/bookings", JSON).status_code == 200


def test_a_logout_told_to_one_copy_ends_the_session_at_every_copy(start: Start):
    bridge, store = FakeBridge(client_id="booking"), MemoryStore()
    one = start(bridge, {"store": store})
    two = start(bridge, {"store": store})
    two.jar = one.jar
    one.sign_in(roles=["counsellor"])
    assert two.get("/bookings", JSON).status_code == 200

    one.post("/backchannel-logout", logout_token=bridge.logout_token())

    assert two.get("/bookings", JSON).status_code == 401


def test_signing_out_ends_the_session_here_and_leads_to_the_issuer(visitor: Visitor):
    visitor.sign_in(roles=["counsellor"])
    kept = visitor.session

    answer = visitor.post("/logout")

    assert answer.status_code == 303
    there = urlsplit(answer.headers["location"])
    query = parse_qs(there.query)
    assert there.path == "/realms/workers/end"
    assert query["post_logout_redirect_uri"] == ["https://app.test/signed-out"]
    assert query["id_token_hint"][0].count(".") == 2
    visitor.jar.set("__Host-app-443", kept)
    assert visitor.get("/bookings", JSON).status_code == 401


def test_signing_out_without_a_session_says_signed_out(visitor: Visitor):
    assert visitor.post("/logout").headers["location"] == "/signed-out"


def test_a_weak_sign_in_is_asked_again_once_for_the_level_the_app_requires(
    start: Start, bridge: FakeBridge
):
    visitor = start(bridge, minimum_acr="mfa")
    again = visitor.sign_in(roles=["counsellor"], acr="qr")
    asked = parse_qs(urlsplit(again.headers["location"]).query)
    assert asked["acr_values"] == ["mfa"]

    weak = visitor.back(again.headers["location"], roles=["counsellor"], acr="qr")
    assert weak.status_code == 403
    assert "/login/workers?more" in weak.text
    assert visitor.get("/bookings", JSON).status_code == 401

    more = visitor.get("/login/workers?more").headers["location"]
    assert visitor.back(more, roles=["counsellor"], acr="passkey").status_code == 302
    assert visitor.get("/bookings").status_code == 200


def test_one_page_may_ask_for_more_and_is_shown_after_stepping_up(visitor: Visitor):
    visitor.sign_in(roles=["counsellor"], acr="password")
    assert visitor.get("/strong", JSON).json() == {"error": "acr_too_low"}

    sent = visitor.get("/strong").headers["location"]
    assert parse_qs(urlsplit(sent).query)["acr_values"] == ["mfa"]
    weak = visitor.back(sent, roles=["counsellor"], acr="password")
    assert weak.status_code == 403

    sent = visitor.get("/strong").headers["location"]
    back = visitor.back(sent, roles=["counsellor"], acr="mfa")
    assert back.headers["location"] == "/strong"
    assert visitor.get("/strong").json()["acr"] == "mfa"


def test_a_level_lost_at_a_refresh_ends_the_session(visitor: Visitor):
    visitor.sign_in(roles=["counsellor"])
    visitor.bridge.change(acr="activation")
    visitor.bridge.wait(2.1)

    assert visitor.get("/bookings", JSON).status_code == 401


def test_two_realms_are_a_choice_and_never_merged(start: Start):
    bridge = FakeBridge(client_id="booking", realms=("residents", "workers"))
    visitor = start(bridge)
    other = visitor.beside()

    choice = visitor.get("/bookings?day=2")
    assert choice.status_code == 401
    for realm in ("residents", "workers"):
        assert f'href="/login/{realm}?next=%2Fbookings%3Fday%3D2"' in choice.text
    visitor.sign_in("residents", subject="u1", roles=["visitor"], sid="r")
    other.sign_in("workers", subject="u1", roles=["counsellor"], sid="w")
    assert visitor.get("/").json()["realm"] == "residents"
    assert visitor.get("/bookings").status_code == 403
    assert other.get("/bookings").json()["realm"] == "workers"

    named = bridge.logout_token(None, sub="u1", realm="residents")
    visitor.post("/backchannel-logout", logout_token=named)
    assert visitor.get("/", JSON).status_code == 401
    assert other.get("/", JSON).status_code == 200


def test_of_many_requests_at_once_one_reads_the_rights_and_all_get_in(
    start: Start, bridge: FakeBridge
):
    store = MemoryStore()
    copies = [start(bridge, {"store": store}) for _ in range(2)]
    copies[0].sign_in(roles=["counsellor"])
    cookie = {"cookie": f"__Host-app-443={copies[0].session}"}

    def ask(number: int) -> int:
        return copies[number % 2].beside().get("/bookings", {**JSON, **cookie}).status_code

    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            bridge.wait(2.1)
            assert set(pool.map(ask, range(16))) == {200}


def test_the_refresh_token_is_used_once_even_by_two_copies(start: Start, bridge: FakeBridge):
    """``FakeBridge`` ends a session whose refresh token comes twice, as rotation does."""
    store = MemoryStore()
    one, two = start(bridge, {"store": store}), start(bridge, {"store": store})
    one.sign_in(roles=["counsellor"])
    two.jar = one.jar

    for _ in range(3):
        bridge.wait(2.1)
        assert one.get("/bookings").status_code == 200
        assert two.get("/bookings").status_code == 200


def test_behind_the_gate_the_header_that_the_bridge_signed_is_enough(start: Start):
    tokens = IssuerForTests("https://bridge.test", client_id="booking")
    bridge = FakeBridge(client_id="booking", realms=())
    gate = SignedHeader(tokens.issuer, "booking", KeySet(tokens.jwks["keys"]))
    visitor = start(bridge, {"gate": gate})
    posts = ["/baoan/xixiang/staff"]
    flat = {"typ": None, "realm": "workers", "roles": ["registrar"], "groups": posts}
    claims = jwt.decode(tokens.id_token(name="孙丽"), options={"verify_signature": False})
    short = {**claims, **flat, "exp": claims["iat"] + 60}
    signed = {**JSON, "x-bridge-identity": tokens.sign(short, typ=KIND)}

    assert visitor.get("/", signed).json()["name"] == "孙丽"
    assert visitor.get("/units/xixiang", signed).status_code == 200
    assert visitor.get("/units/xinan", signed).status_code == 403
    assert visitor.get("/", {**JSON, "x-bridge-identity": tokens.id_token()}).status_code == 401


def test_a_machine_calls_the_api_in_its_own_units_with_its_own_token(
    start: Start, bridge: FakeBridge
):
    visitor = start(bridge, machines=("dispatch",))
    token = bridge.machine_token(
        "dispatch", roles=["registrar"], groups=["/baoan/xixiang/registrar"]
    )
    called = {**JSON, "authorization": f"Bearer {token}"}

    answer = visitor.ask("POST", "/api/xixiang", called)
    assert (answer.status_code, answer.json()["name"]) == (200, "dispatch")
    assert visitor.ask("POST", "/api/xinan", called).status_code == 403
    assert visitor.ask("POST", "/", {**called, "origin": bridge.base_url}).status_code == 401
