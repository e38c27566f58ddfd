"""What must not get through an SDK, whichever framework the app is made with."""

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from idp_bridge_adapters.keys import KeysUnavailable
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.stores import MemoryStore
from idp_bridge_adapters.testing import FakeBridge
from idp_bridge_adapters.tokens import TokenRefused
from tests.adapters.sdk.fake_world import PAGE, Visitor

Start = Callable[..., Visitor]
JSON = {"accept": "application/json"}


def test_an_answer_that_another_browser_asked_for_signs_nobody_in(visitor: Visitor):
    attacker = visitor.beside()
    there = attacker.get("/login").headers["location"]
    answer = visitor.bridge.sign_in(there, roles=["counsellor"])

    assert visitor.get(answer).status_code == 400
    assert visitor.session == ""
    assert attacker.get(answer).status_code == 302


def test_an_answer_finishes_one_sign_in(visitor: Visitor):
    there = visitor.get("/login").headers["location"]
    answer = visitor.bridge.sign_in(there, roles=["counsellor"])
    assert visitor.get(answer).status_code == 302
    before = visitor.session

    visitor.bridge.answers = False
    assert visitor.get(answer).status_code == 400, "refused here, not by the issuer"
    assert visitor.session == before


def test_two_sign_ins_in_two_tabs_both_finish(visitor: Visitor):
    one = visitor.get("/login?next=/strong").headers["location"]
    two = visitor.get("/login?next=/bookings").headers["location"]

    assert visitor.back(one, roles=["counsellor"]).headers["location"] == "/strong"
    assert visitor.back(two, roles=["counsellor"]).headers["location"] == "/bookings"


def test_an_answer_of_one_realm_never_finishes_a_sign_in_at_the_other(start: Start):
    bridge = FakeBridge(client_id="booking", realms=("residents", "workers"))
    visitor = start(bridge)
    there = visitor.get("/login/residents").headers["location"]
    answer = bridge.sign_in(there, roles=["visitor"])

    bridge.answers = False
    crossed = visitor.get(answer.replace("/callback/residents", "/callback/workers"))

    assert crossed.status_code == 400, "refused here, not by the issuer"
    assert visitor.session == ""


@pytest.mark.parametrize("said", ["", "&iss=https://evil.test/realms/workers"])
def test_an_answer_says_which_issuer_it_is_from(visitor: Visitor, said: str):
    there = visitor.get("/login").headers["location"]
    answer = visitor.bridge.sign_in(there, roles=["counsellor"])

    page = visitor.get(answer.partition("&iss=")[0] + said)

    assert page.status_code == 400
    assert visitor.session == ""


@pytest.mark.parametrize("name", ["code", "state", "iss", "error"])
def test_a_parameter_that_is_there_twice_signs_nobody_in(visitor: Visitor, name: str):
    there = visitor.get("/login").headers["location"]
    answer = visitor.bridge.sign_in(there, roles=["counsellor"])

    page = visitor.get(f"{answer}&{name}=of+the+attacker")

    assert page.status_code == 400
    assert visitor.session == ""


def test_an_error_in_the_answer_is_told_and_its_text_is_not_shown(visitor: Visitor):
    there = visitor.get("/login").headers["location"]
    state = there.partition("&state=")[2].partition("&")[0]

    page = visitor.get(
        f"/callback/workers?state={state}&error=access_denied"
        "&error_description=<script>&iss=https://idp.test/realms/workers"
    )

    assert page.status_code == 400
    assert "登录没有完成" in page.text
    assert "script" not in page.text


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "somebody else's"},
        {"nonce": None},
        {"aud": "another"},
        {"iss": "https://evil.test"},
        {"azp": "another", "aud": ["booking", "another"]},
        {"exp": 1},
        {"typ": "Bearer"},
        {"resource_access": {"booking": {"roles": "counsellor"}}},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_this_sign_in_signs_nobody_in(
    visitor: Visitor, claims: dict[str, object]
):
    there = visitor.get("/login").headers["location"]
    answer = visitor.bridge.sign_in(there, roles=["counsellor"])
    visitor.bridge.change(**claims)

    assert visitor.get(answer).status_code == 400
    assert visitor.get("/bookings", JSON).status_code == 401


def test_a_refresh_that_answers_somebody_else_ends_the_session(visitor: Visitor):
    visitor.sign_in(subject="u1", roles=["visitor"])
    visitor.bridge.change(subject="u2", roles=["counsellor"])
    visitor.bridge.wait(2.1)

    assert visitor.get("/bookings", JSON).status_code == 401


HOSTILE_NEXT = (
    "https://evil.test/",
    "//evil.test/",
    "/\\evil.test/",
    "\\/evil.test",
    "/\t/evil.test/",
    "/\n/evil.test",
    "/ /evil.test",
    "javascript:alert(1)",
    "evil.test",
    "///evil.test",
    "/ok\r\nSet-Cookie: a=b",
    "/" + "a" * 600,
    "/Ā/evil",
    "",
)


@pytest.mark.parametrize("there", HOSTILE_NEXT)
def test_after_the_sign_in_nobody_is_sent_to_another_site(visitor: Visitor, there: str):
    sent = visitor.get(f"/login?{urlencode({'next': there})}").headers["location"]

    assert visitor.back(sent, roles=["counsellor"]).headers["location"] == "/"


def test_a_next_that_the_attacker_put_into_the_cookie_is_judged_again(visitor: Visitor):
    sent = visitor.get("/login").headers["location"]
    name = "__Host-app-443-in"
    kept = visitor.jar.get(name, "")
    attempts = json.loads(base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)))
    attempts[0]["next"] = "//evil.test/"
    planted = base64.urlsafe_b64encode(json.dumps(attempts).encode()).decode().rstrip("=")
    visitor.jar.clear()
    visitor.jar.set(name, planted)

    assert visitor.back(sent, roles=["counsellor"]).headers["location"] == "/"


@pytest.mark.parametrize("kept", ["", "%", "bm90IGpzb24", "W10", "W3t9XQ", "WzFd", "e30"])
def test_a_broken_cookie_is_no_error_and_no_session(visitor: Visitor, kept: str):
    visitor.jar.set("__Host-app-443-in", kept)
    visitor.jar.set("__Host-app-443", kept)

    callback = "/callback/workers?state=x&code=y&iss=https://idp.test/realms/workers"
    assert visitor.get(callback).status_code == 400
    assert visitor.get("/bookings", JSON).status_code == 401


def test_the_session_has_a_new_id_at_each_sign_in_and_the_old_one_is_worth_nothing(
    visitor: Visitor,
):
    visitor.sign_in(roles=["counsellor"])
    before = visitor.session
    visitor.sign_in(roles=["counsellor"])

    assert visitor.session != before
    planted = visitor.beside()
    planted.jar.set("__Host-app-443", before)
    assert planted.get("/bookings", JSON).status_code == 401


def test_an_id_that_an_attacker_planted_before_the_sign_in_is_not_taken_over(visitor: Visitor):
    visitor.jar.set("__Host-app-443", "planted")
    visitor.sign_in(roles=["counsellor"])

    planted = visitor.beside()
    planted.jar.set("__Host-app-443", "planted")
    assert planted.get("/bookings", JSON).status_code == 401


def test_another_site_cannot_sign_people_out_or_change_anything(visitor: Visitor):
    visitor.sign_in(roles=["counsellor"])
    evil = "https://evil.test"

    assert visitor.post("/logout", origin=evil).status_code == 403
    assert visitor.post("/", origin=evil).status_code == 403
    assert visitor.ask("POST", "/", PAGE, {}).status_code == 403
    assert visitor.ask("POST", "/logout", {**PAGE, "origin": "null"}, {}).status_code == 403
    assert visitor.get("/logout").status_code == 405
    assert visitor.post("/").status_code == 200
    same = {**PAGE, "sec-fetch-site": "same-origin"}
    assert visitor.ask("POST", "/", same, {}).status_code == 200


def test_no_forged_logout_ends_a_session(visitor: Visitor):
    visitor.sign_in(roles=["counsellor"])
    tokens = visitor.bridge.issuers["workers"]
    forged = {
        "nothing": "",
        "an ID token": tokens.id_token(sid="session"),
        "for another app": tokens.logout_token(aud="another"),
        "of another issuer": tokens.logout_token(iss="https://evil.test"),
        "with a nonce": tokens.logout_token(nonce="n"),
        "without the event": tokens.logout_token(events={}),
        "expired": tokens.logout_token(exp=1),
        "naming nobody": tokens.logout_token(sid=None),
        "unsigned": ".".join([*tokens.logout_token().split(".")[:2], ""]),
    }

    for kind, token in forged.items():
        answer = visitor.post("/backchannel-logout", logout_token=token)
        assert answer.status_code == 400, kind
    assert visitor.post("/backchannel-logout", other=tokens.logout_token()).status_code == 400
    huge = tokens.logout_token() + "x" * 100_000
    assert visitor.post("/backchannel-logout", logout_token=huge).status_code == 400
    assert visitor.get("/bookings", JSON).status_code == 200


def test_what_lies_in_the_store_signs_nobody_in_and_names_nobody(start: Start, bridge: FakeBridge):
    store = Watched()
    visitor = start(bridge, {"store": store})
    visitor.sign_in(roles=["counsellor"], name="陈静", subject="u-chenjing")

    seen = store.everything()
    assert visitor.session
    for secret in (visitor.session, "陈静", "u-chenjing", "counsellor", "eyJ"):
        assert secret.encode() not in seen
    for key in re.findall(rb"session:[0-9a-f]{64}", seen):
        thief = visitor.beside()
        thief.jar.set("__Host-app-443", key.decode().partition(":")[2])
        assert thief.get("/bookings", JSON).status_code == 401


def test_a_session_of_one_person_put_in_the_place_of_another_is_no_session(
    start: Start, bridge: FakeBridge
):
    store = Watched()
    visitor, other = start(bridge, {"store": store}), start(bridge, {"store": store})
    visitor.sign_in(roles=["counsellor"], sid="one")
    other.sign_in(roles=["visitor"], sid="two")

    store.exchange()

    assert visitor.get("/bookings", JSON).status_code == 401
    assert other.get("/bookings", JSON).status_code == 401


def test_the_host_header_names_no_address(visitor: Visitor):
    evil = {**PAGE, "host": "evil.test", "x-forwarded-host": "evil.test"}
    there = visitor.ask("GET", "/login", evil).headers["location"]

    assert "evil.test" not in there
    assert "redirect_uri=https%3A%2F%2Fapp.test%2Fcallback%2Fworkers" in there


def test_cookies_belong_to_this_origin_alone_and_hold_no_token(visitor: Visitor):
    there = visitor.get("/login")
    back = visitor.back(there.headers["location"], roles=["counsellor"])

    lines = [*there.headers.get_list("set-cookie"), *back.headers.get_list("set-cookie")]
    assert len(lines) == 3
    for line in lines:
        name, _, rest = line.strip().partition("=")
        parts = {part.strip().lower() for part in rest.split(";")}
        assert name.startswith("__Host-app-443")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= parts
        assert "eyJhbGciOi" not in line


def test_a_link_cannot_choose_a_weaker_level(start: Start, bridge: FakeBridge):
    visitor = start(bridge, minimum_acr="mfa")

    for link in ("/login?acr_values=qr", "/login/workers?more=qr&acr=qr", "/login/workers?more"):
        answer = visitor.get(link)
        assert "acr_values=qr" not in answer.headers["location"]


class Gate:
    """Stands for the verifier of the signed header: one value is good."""

    header = "X-Bridge-Identity"

    def __init__(self, person: Principal) -> None:
        self._person = person

    def verify(self, value: str) -> Principal:
        if value == "away":
            raise KeysUnavailable
        if value != "signed":
            raise TokenRefused("not signed")
        return self._person


def test_behind_the_gate_only_the_signed_header_is_believed(start: Start, bridge: FakeBridge):
    tokens = bridge.issuers["workers"]
    person = Principal(
        issuer=tokens.issuer,
        subject="u1",
        realm="workers",
        name="陈静",
        roles=frozenset({"counsellor"}),
        posts=frozenset(),
        acr="password",
        sid="",
    )
    visitor = start(bridge, {"gate": Gate(person)})

    signed = {**JSON, "x-bridge-identity": "signed"}
    assert visitor.get("/bookings", signed).json()["name"] == "陈静"
    assert visitor.get("/strong", signed).status_code == 403
    assert visitor.get("/bookings", {**JSON, "x-bridge-user": "u1"}).status_code == 401
    assert visitor.get("/bookings", {**PAGE, "x-bridge-identity": "forged"}).status_code == 401
    assert visitor.get("/bookings", {**JSON, "x-bridge-identity": "away"}).status_code == 503
    assert visitor.get("/login").status_code == 404
    crossed = {**JSON, "x-bridge-identity": "signed", "origin": "https://evil.test"}
    assert visitor.ask("POST", "/", crossed, {}).status_code == 403


def test_no_other_token_calls_the_api(start: Start, bridge: FakeBridge):
    visitor = start(bridge, machines=("dispatch",))
    visitor.sign_in(roles=["registrar"], groups=["/baoan/xixiang/staff"])
    rights = {"roles": ["registrar"], "groups": ["/baoan/xixiang/registrar"]}
    issuer = bridge.issuers["workers"]
    refused = {
        "nothing": "",
        "a person's token": issuer.access_token(**rights),
        "a person's token for another app": bridge.machine_token("dispatch", sid="s", **rights),
        "of an unknown machine": bridge.machine_token("elsewhere", **rights),
        "for another app": bridge.machine_token("dispatch", aud="another", **rights),
        "of another issuer": bridge.machine_token("dispatch", iss="https://evil.test", **rights),
        "expired": bridge.machine_token("dispatch", exp=1, **rights),
        "an ID token": bridge.machine_token("dispatch", typ="ID", **rights),
    }

    for kind, token in refused.items():
        called = {**JSON, "authorization": f"Bearer {token}", "origin": bridge.base_url}
        assert visitor.ask("POST", "/api/xixiang", called).status_code == 401, kind
    without = {**JSON, "authorization": refused["a person's token"], "origin": bridge.base_url}
    assert visitor.ask("POST", "/api/xixiang", without).status_code == 401


class EndedMeanwhile(MemoryStore):
    """A logout arrives between the look at Keycloak and the note of what it said."""

    ends = False

    def swap(self, key: str, old: bytes, new: bytes, seconds: int) -> bool:
        done = super().swap(key, old, new, seconds)
        if self.ends:
            self.drop(key)
        return done


def test_a_session_that_is_ended_while_its_rights_are_read_stays_ended(
    start: Start, bridge: FakeBridge
):
    store = EndedMeanwhile()
    visitor = start(bridge, {"store": store})
    visitor.sign_in(roles=["counsellor"])
    store.ends = True
    bridge.wait(2.1)

    assert visitor.get("/bookings", JSON).status_code == 401
    store.ends = False
    assert visitor.get("/bookings", JSON).status_code == 401


class Watched(MemoryStore):
    """A store whose owner looks inside, and exchanges what lies there."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, bytes] = {}

    def put(self, key: str, value: bytes, seconds: int) -> None:
        self._seen[key] = value
        super().put(key, value, seconds)

    def everything(self) -> bytes:
        return b"\n".join(key.encode() + b" " + value for key, value in self._seen.items())

    def exchange(self) -> None:
        one, two = self._seen
        super().put(one, self._seen[two], 60)
        super().put(two, self._seen[one], 60)
