"""The patrol believes the signed identity header and nothing else, and acts within posts."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from idp_bridge_adapters.keys import KeySet
from idp_bridge_adapters.signed_header import HEADER, SignedHeader
from idp_bridge_adapters.testing import IssuerForTests

EXAMPLES = Path(__file__).parents[2] / "adapters" / "examples"
BRIDGE, APP_URL = "https://id.test", "https://patrol.test"
GRID_12, GRID_13 = "/baoan/xixiang/gongle/grid-12", "/baoan/xixiang/gongle/grid-13"
Signed = Callable[..., dict[str, str]]


@pytest.fixture
def issuer() -> IssuerForTests:
    return IssuerForTests(BRIDGE, client_id="volunteer-patrol")


@pytest.fixture
def app(issuer: IssuerForTests, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for name in [n for n in sys.modules if n.split(".")[0] in ("common", "volunteer_patrol")]:
        monkeypatch.delitem(sys.modules, name)
    from common.settings import settings
    from volunteer_patrol.app import build

    chosen = settings({"APP_URL": APP_URL, "LISTEN": "127.0.0.1:1", "SESSION_SECRET": "s" * 40})
    header = SignedHeader(BRIDGE, "volunteer-patrol", KeySet(issuer.jwks["keys"]))
    return TestClient(build(chosen, header), base_url=APP_URL, follow_redirects=False)


@pytest.fixture
def signed(issuer: IssuerForTests) -> Signed:
    def sign(**said: Any) -> dict[str, str]:
        now = datetime.now(UTC)
        claims = {
            "iss": BRIDGE,
            "aud": "volunteer-patrol",
            "sub": "u1",
            "realm": "workers",
            "name": "何欣",
            "roles": ["patroller"],
            "groups": [f"{GRID_12}/volunteer"],
            "acr": "password",
            "auth_time": int(now.timestamp()),
            "iat": now,
            "exp": now + timedelta(seconds=60),
        }
        headers = {"kid": issuer.key_id, "typ": "idpb-identity+jwt"}
        return {HEADER: jwt.encode(claims | said, issuer.private_key, "ES256", headers)}

    return sign


def post(app: TestClient, path: str, who: dict[str, str], origin: str = APP_URL) -> int:
    return app.post(path, headers={**who, "Origin": origin}).status_code


def test_it_shows_who_came_by_what_with_which_role_and_scope(app: TestClient, signed: Signed):
    page = app.get("/", headers=signed()).text

    for told in ("何欣", "巡逻队员", "志愿者", "forward-auth", "密码", "共乐路夜间巡查"):
        assert told in page
    assert "前进二路" not in page
    assert app.get("/whoami", headers=signed()).json()["by"] == "forward-auth"


@pytest.mark.parametrize(
    "plain", [{}, {"X-Bridge-User": "u1", "X-Bridge-Roles": "patroller"}, {"Remote-User": "u1"}]
)
def test_a_plain_header_is_nobody(app: TestClient, plain: dict[str, str]):
    assert app.get("/", headers=plain).status_code == 401
    assert app.get("/whoami", headers=plain).status_code == 401


def test_a_header_for_another_app_or_out_of_date_is_nobody(app: TestClient, signed: Signed):
    late = datetime.now(UTC) - timedelta(seconds=120)

    assert app.get("/", headers=signed(aud="grid-service")).status_code == 401
    assert app.get("/", headers=signed(iss="https://evil.test")).status_code == 401
    assert app.get("/", headers=signed(exp=late)).status_code == 401


def test_two_signed_headers_are_nobody(app: TestClient, signed: Signed):
    twice = [*signed().items(), *signed(sub="u2").items()]

    assert app.get("/whoami", headers=twice).status_code == 401


def test_a_patroller_joins_rounds_of_the_own_grid_and_calls_none_off(
    app: TestClient, signed: Signed
):
    me = signed()

    assert post(app, "/rounds/g12-evening/join", me) == 303
    assert "报名：何欣" in app.get("/", headers=me).text
    assert post(app, "/rounds/g12-evening/leave", me) == 303
    assert post(app, "/rounds/g13-market/join", me) == 403
    assert post(app, "/rounds/g12-evening/off", me) == 403
    assert post(app, "/rounds/no-such-round/join", me) == 403


def test_an_organiser_calls_rounds_off_below_the_own_unit_and_joins_none(
    app: TestClient, signed: Signed
):
    staff = signed(name="孙丽", roles=["organiser"], groups=["/baoan/xixiang/gongle/staff"])

    assert post(app, "/rounds/g13-market/off", staff) == 303
    assert "已取消" in app.get("/", headers=staff).text
    assert post(app, "/rounds/g13-market/on", staff) == 303
    assert post(app, "/rounds/h3-river/off", staff) == 403
    assert post(app, "/rounds/g12-evening/join", staff) == 403


def test_a_role_with_no_post_reaches_nothing(app: TestClient, signed: Signed):
    counsellor = signed(groups=[f"{GRID_12}/counsellor"])

    assert "没有巡逻班次" in app.get("/", headers=counsellor).text
    assert post(app, "/rounds/g12-evening/join", counsellor) == 403
    assert post(app, "/rounds/g12-evening/join", signed(groups=[])) == 403


def test_a_form_of_another_site_changes_nothing(app: TestClient, signed: Signed):
    assert post(app, "/rounds/g12-evening/join", signed(), "https://evil.test") == 403
    assert "还没有人报名" in app.get("/", headers=signed()).text
