"""The residence code takes tickets of its own attempts only, and acts within role and post."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from idp_bridge_adapters.keys import KeySet
from idp_bridge_adapters.signed_ticket import SignedTickets
from idp_bridge_adapters.testing import IssuerForTests

EXAMPLES = Path(__file__).parents[2] / "adapters" / "examples"
BRIDGE, APP_URL, APP = "https://id.test", "https://residence.test", "residence-code"
GONGLE = "/baoan/xixiang/gongle"
WAITING_THERE, WAITING_ELSEWHERE = "4403062026-0117", "4403062026-0209"
Ticket = Callable[..., str]


@pytest.fixture
def issuer() -> IssuerForTests:
    return IssuerForTests(BRIDGE, client_id=APP)


@pytest.fixture
def app(issuer: IssuerForTests, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for name in [n for n in sys.modules if n.split(".")[0] in ("common", "residence_code")]:
        monkeypatch.delitem(sys.modules, name)
    from common.settings import settings
    from residence_code.app import build

    chosen = settings({"APP_URL": APP_URL, "LISTEN": "127.0.0.1:1", "SESSION_SECRET": "s" * 40})
    tickets = SignedTickets(BRIDGE, APP, f"{APP_URL}/signed-in", KeySet(issuer.jwks["keys"]))
    built: Starlette = build(chosen, BRIDGE, APP, tickets)
    return built


def browser(app: Starlette) -> TestClient:
    return TestClient(app, base_url=APP_URL, follow_redirects=False)


@pytest.fixture
def ticket(issuer: IssuerForTests) -> Ticket:
    """What the bridge would hand out for a state."""

    def made(state: str, kind: str = "ticket+jwt", **said: Any) -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": BRIDGE,
            "aud": APP,
            "service": f"{APP_URL}/signed-in",
            "realm": "workers",
            "sub": "u1",
            "name": "赵磊",
            "roles": ["officer"],
            "posts": [f"{GONGLE}/police"],
            "acr": "password",
            "sid": "session-1",
            "state": state,
            "jti": jwt.utils.base64url_encode(state.encode()).decode(),
            "iat": now,
            "exp": now + timedelta(seconds=60),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        headers = {"kid": issuer.key_id, "typ": kind}
        return jwt.encode(claims | said, issuer.private_key, "ES256", headers)

    return made


def begun(http: TestClient, realm: str = "workers") -> str:
    """The state of a sign-in that this browser began."""
    there = http.get(f"/login/{realm}").headers["location"]
    return parse_qs(urlsplit(there).query)["state"][0]


def signed_in(app: Starlette, ticket: Ticket, **said: Any) -> TestClient:
    http = browser(app)
    state = begun(http, said.get("realm", "workers"))
    answer = http.post("/signed-in", data={"ticket": ticket(state, **said), "state": state})
    assert answer.status_code == 303
    return http


def post(http: TestClient, path: str, origin: str = APP_URL) -> int:
    return http.post(path, headers={"Origin": origin}).status_code


RESIDENT = {"realm": "residents", "roles": ["holder"], "posts": [], "acr": "qr", "name": "张伟"}


def test_an_officer_confirms_where_the_post_reaches_and_nowhere_else(app, ticket):
    http = signed_in(app, ticket)
    page = http.get("/").text

    assert WAITING_THERE in page
    assert WAITING_ELSEWHERE not in page
    assert post(http, f"/certificates/{WAITING_ELSEWHERE}/confirm") == 403
    assert post(http, f"/certificates/{WAITING_THERE}/confirm") == 303
    assert "2027-12-31" in http.get("/").text


def test_a_resident_sees_and_renews_their_own_and_confirms_none(app, ticket):
    http = signed_in(app, ticket, **RESIDENT)
    page = http.get("/").text
    own = page.partition("张*")[2].partition("</h3>")[0].strip(" ·")

    assert WAITING_THERE not in page
    assert post(http, f"/certificates/{WAITING_THERE}/confirm") == 403
    assert post(http, f"/certificates/{own}/apply") == 303
    assert post(http, f"/certificates/{own}/confirm") == 403
    other = signed_in(app, ticket, **RESIDENT, sub="u2")
    assert own not in other.get("/").text
    assert post(other, f"/certificates/{own}/apply") == 403


def test_the_same_subject_in_the_other_realm_is_somebody_else(app, ticket):
    signed_in(app, ticket, **RESIDENT).get("/")
    officer = signed_in(app, ticket, posts=[])
    assert "张*" not in officer.get("/").text


def test_a_ticket_of_another_attempt_realm_or_browser_signs_nobody_in(app, ticket):
    http = browser(app)
    state, stranger = begun(http), "workers.somebody-elses-attempt"
    for said, sent in (
        (ticket(stranger), stranger),
        (ticket(stranger), state),
        (ticket(state), stranger),
        (ticket(state, realm="residents"), state),
        (ticket(state, service="https://evil.test/"), state),
        (ticket(state, aud="another"), state),
        (ticket(state, kind="logout+jwt"), state),
        (ticket(state, acr="activation"), state),
        ("", ""),
    ):
        answer = http.post("/signed-in", data={"ticket": said, "state": sent})
        assert answer.status_code in (400, 403)
        assert http.get("/whoami").status_code == 401
    answer = browser(app).post("/signed-in", data={"ticket": ticket(state), "state": state})
    assert answer.status_code == 400


def test_a_ticket_signs_in_once(app, ticket):
    http = browser(app)
    state = begun(http)
    cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in http.cookies.items())}
    form = {"ticket": ticket(state), "state": state}
    assert http.post("/signed-in", data=form).status_code == 303
    assert browser(app).post("/signed-in", data=form, headers=cookie).status_code == 400


def test_the_end_of_the_session_ends_it_here(app, ticket):
    http, other = signed_in(app, ticket), signed_in(app, ticket, sid="session-2")
    for token in (ticket("x", kind="ticket+jwt"), ticket("x", kind="logout+jwt", aud="another")):
        assert http.post("/session-over", data={"logout_token": token}).status_code == 400
    assert http.get("/whoami").status_code == 200

    token = ticket("x", kind="logout+jwt")
    assert browser(app).post("/session-over", data={"logout_token": token}).status_code == 200

    assert http.get("/whoami").status_code == 401
    assert other.get("/whoami").status_code == 200


def test_signing_out_goes_by_the_bridge_with_the_tickets_own_number(app, ticket):
    http = signed_in(app, ticket)
    assert post(http, "/logout", origin="https://evil.test") == 403
    answer = http.post("/logout", headers={"Origin": APP_URL})
    sent = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.headers["location"].startswith(f"{BRIDGE}/ticket/sign-out?")
    assert sent["service"] == [f"{APP_URL}/signed-out"]
    assert sent["jti"][0]
    assert http.get("/whoami").status_code == 401
