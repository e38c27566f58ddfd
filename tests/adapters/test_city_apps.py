"""Reports, doorplates and dispatch: what each shows to whom, and who may change it."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.adapters.browser import Browser
from tests.adapters.conftest import Examples, RunningApp

GRID_12 = "/baoan/xixiang/gongle/grid-12"
GRID_13 = "/baoan/xixiang/gongle/grid-13"
HAIWANG = "/baoan/xinan/haiwang/grid-03"
PLACE_12 = "4403060070120001"
BIN = {"kind": "sanitation", "place": PLACE_12, "text": "垃圾桶翻倒三天 <b>"}
only = pytest.mark.parametrize


@pytest.fixture(scope="module")
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApp]:
    with ExitStack() as stack:
        yield Examples(tmp_path_factory.mktemp("apps"), stack).start(request.param)


reports = only("started", ["reports"], indirect=True)
doorplates = only("started", ["doorplates"], indirect=True)
dispatch = only("started", ["dispatch"], indirect=True)


def resident(app: RunningApp, role: str, subject: str, **claims: Any) -> Browser:
    browser = Browser()
    claims = {"roles": [role], "subject": subject, "sid": subject, "name": "李娜", **claims}
    app.ops["residents"].claims |= claims
    assert browser.get(f"{app.url}/login/residents").status_code == 200
    return browser


def worker(app: RunningApp, role: str, *posts: str) -> Browser:
    browser = Browser()
    app.op.claims |= {"roles": [role], "groups": list(posts), "sid": f"{role} {posts}"}
    app.sign_in(browser)
    return browser


def number_of(page: httpx.Response) -> str:
    found = re.search(r"/reports/(\d+)/", page.text)
    assert found, page.text
    return found[1]


@reports
def test_a_signed_report_is_followed_by_its_reporter_alone_and_its_handler_sees_no_name(
    app: RunningApp,
):
    reporter = resident(app, "reporter", "p1")
    assert "垃圾桶翻倒三天 &lt;b&gt;" in reporter.post(f"{app.url}/reports", **BIN).text
    assert "垃圾桶" not in resident(app, "reporter", "p2").get(app.url + "/").text

    handler = worker(app, "handler", f"{GRID_12}/grid-worker")
    page = handler.get(app.url + "/")
    assert "居民署名" in page.text
    assert "李娜" not in page.text
    assert "p1" not in page.text
    number = number_of(page)
    handler.post(f"{app.url}/reports/{number}/take")
    page = handler.post(f"{app.url}/reports/{number}/close", answer="已清理并加固")
    assert "已办结" in page.text

    app.ops["residents"].claims |= {"roles": ["reporter"], "subject": "p1", "sid": "p1"}
    assert "已清理并加固" in reporter.get(app.url + "/").text


@reports
def test_an_anonymous_report_is_followed_by_its_code_and_by_nothing_else(app: RunningApp):
    anybody = Browser()
    text = {**BIN, "text": "巷口路灯不亮 anonymous"}
    page = anybody.post(f"{app.url}/anonymous", **text)
    found = re.search(r'class="code">([2-9A-Z-]{19})<', page.text)
    assert found, page.text

    written = found[1].lower().replace("-", " ")
    assert "巷口路灯不亮" in Browser().post(f"{app.url}/follow", code=written).text
    for wrong in ("", "1", "AAAA-AAAA-AAAA-AAAA", found[1][:-1]):
        answer = anybody.post(f"{app.url}/follow", code=wrong)
        assert answer.status_code == 404, wrong
        assert "巷口路灯不亮" not in answer.text
    assert "巷口路灯不亮" not in anybody.get(app.url + "/").text


@reports
def test_an_anonymous_report_of_somebody_signed_in_is_not_theirs(app: RunningApp):
    reporter = resident(app, "reporter", "p3")

    page = reporter.post(f"{app.url}/anonymous", **{**BIN, "text": "不想让人知道是我"})

    assert "请记下查询码" in page.text
    assert "李娜" not in page.text
    assert "不想让人知道" not in reporter.get(app.url + "/").text


@reports
def test_only_the_handler_of_that_unit_moves_a_report_on_and_once(app: RunningApp):
    Browser().post(f"{app.url}/anonymous", **{**BIN, "text": "消防通道被占用"})
    handler = worker(app, "handler", f"{GRID_12}/grid-worker")
    number = number_of(handler.get(app.url + "/"))
    take = f"{app.url}/reports/{number}/take"

    reader = worker(app, "reader", "/baoan/xixiang/gongle/staff")
    assert "消防通道被占用" in reader.get(app.url + "/").text
    assert reader.post(take).status_code == 403
    neighbour = worker(app, "handler", f"{GRID_13}/grid-worker", f"{GRID_12}/counsellor")
    assert "消防通道被占用" not in neighbour.get(app.url + "/").text
    assert neighbour.post(take).status_code == 403
    assert resident(app, "reporter", "p4").post(take).status_code == 403
    assert Browser().post(take, follow=False).status_code == 401

    handler = worker(app, "handler", f"{GRID_12}/grid-worker")
    assert handler.post(f"{app.url}/reports/{number}/close", answer="还没有受理").status_code == 409
    assert handler.post(take).status_code == 200
    assert handler.post(take).status_code == 409
    assert handler.post(f"{app.url}/reports/99999/take").status_code == 403


@reports
@only("form", [{"text": "短"}, {"kind": "bribery"}, {"place": "nowhere"}, {"text": "长" * 501}])
def test_a_report_that_is_not_complete_is_given_back(app: RunningApp, form: dict[str, str]):
    answer = Browser().post(f"{app.url}/anonymous", **{**BIN, **form})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "查询码只显示这一次" not in answer.text


@reports
def test_a_form_of_another_site_reports_nothing_in_anybodys_name_or_in_nobodys(app: RunningApp):
    reporter = resident(app, "reporter", "p5")

    for path in ("/reports", "/anonymous", "/follow"):
        answer = reporter.post_from("https://evil.test", app.url + path, **BIN, code="x")
        assert answer.status_code == 403, path
    assert "还没有报告" in reporter.get(app.url + "/").text


@reports
def test_a_scanned_place_code_fills_in_the_place(app: RunningApp):
    page = Browser().get(f"{app.url}/?place=4403060070130001").text

    assert '<option value="4403060070130001" selected>' in page


@reports
def test_somebody_without_a_role_is_not_taken_for_nobody(app: RunningApp):
    app.op.claims |= {"roles": []}

    assert app.sign_in().status_code == 403
    assert app.whoami().status_code == 403


def plate(page: httpx.Response, code: str) -> str:
    [card] = [card for card in page.text.split('<li class="card">') if f"<dd>{code}</dd>" in card]
    return card


@doorplates
def test_residents_see_the_services_of_an_address_and_never_the_record(app: RunningApp):
    page = resident(app, "lookup", "p1").get(f"{app.url}/?q=前进二路")

    assert "1 处地址" in page.text
    assert "共乐派出所" in page.text
    assert "门牌档案" not in page.text
    assert "/correct" not in page.text


@doorplates
def test_only_the_police_of_that_unit_see_and_correct_a_plates_record(app: RunningApp):
    there, elsewhere = "4403060070120002", "4403060110030001"
    wanted = {"number": "42a", "condition": "good"}
    officer = worker(app, "officer", "/baoan/xixiang/gongle/police")
    page = officer.get(app.url + "/")
    assert "门牌档案" in plate(page, there)
    assert "由所在地民警管理" in plate(page, elsewhere)

    page = officer.post(f"{app.url}/plates/{there}/correct", **wanted)
    assert 'value="42A"' in plate(page, there)
    assert "最近更正：陈网格" in plate(page, there)
    for code in (elsewhere, "no-such-plate"):
        answer = officer.post(f"{app.url}/plates/{code}/correct", **wanted)
        assert answer.status_code == 403, code
    citizen = resident(app, "lookup", "p2")
    assert citizen.post(f"{app.url}/plates/{there}/correct", **wanted).status_code == 403
    counsellor = worker(app, "officer", f"{GRID_12}/counsellor")
    assert counsellor.post(f"{app.url}/plates/{there}/correct", **wanted).status_code == 403


@doorplates
@only("form", [{"number": "<b>"}, {"number": ""}, {"number": "4" * 9}, {"condition": "stolen"}])
def test_a_number_that_no_plate_can_have_is_not_saved(app: RunningApp, form: dict[str, str]):
    officer = worker(app, "officer", "/baoan/xixiang/gongle/police")
    wanted = {"number": "18", "condition": "good", **form}

    page = officer.post(f"{app.url}/plates/{PLACE_12}/correct", **wanted)

    assert "没有保存" in plate(page, PLACE_12)
    assert 'value="18"' in plate(page, PLACE_12)


@doorplates
def test_a_form_of_another_site_corrects_nothing(app: RunningApp):
    officer = worker(app, "officer", "/baoan/xixiang/gongle/police")
    there = f"{app.url}/plates/{PLACE_12}/correct"

    answer = officer.post_from("https://evil.test", there, number="666", condition="missing")

    assert answer.status_code == 403
    assert "666" not in officer.get(app.url + "/").text


FILING = {"reference": "m-1", "class": "B02", "org": GRID_13, "text": "机器上报的垃圾点"}


def machine_token(app: RunningApp, **claims: Any) -> dict[str, str]:
    stated = {
        "subject": "of the machine",
        "azp": "city-dispatch",
        "roles": ["source"],
        "groups": ["/baoan/xixiang/source"],
        **dict.fromkeys(("sid", "acr", "auth_time")),
        **claims,
    }
    return {"authorization": f"Bearer {app.op.tokens.access_token(**stated)}"}


def file(app: RunningApp, token: dict[str, str], **filing: Any) -> httpx.Response:
    return httpx.post(f"{app.url}/api/events", json={**FILING, **filing}, headers=token)


@dispatch
def test_a_machine_files_an_event_that_a_dispatcher_of_that_unit_assigns(app: RunningApp):
    token = machine_token(app)
    filed = file(app, token)
    assert filed.status_code == 201
    number = filed.json()["number"]

    dispatcher = worker(app, "dispatcher", "/baoan/xixiang/gongle/staff")
    assert "机器上报的垃圾点" in dispatcher.get(app.url + "/").text
    page = dispatcher.post(f"{app.url}/events/{number}/assign", team="cleaning")
    assert "环卫队 · 调度员：陈网格" in page.text
    events = httpx.get(f"{app.url}/api/events", headers=token).json()["events"]
    assert {"number": number, "reference": "m-1", "state": "assigned", "team": "cleaning"} in events


@dispatch
def test_a_machine_that_asks_again_files_once(app: RunningApp):
    token = machine_token(app)
    first, again = (file(app, token, reference="m-2") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]


@dispatch
@only("org", [HAIWANG, "/baoan", "/baoan/xixiang-2/grid-01", "/baoan/xinan"])
def test_a_machine_files_nothing_beyond_its_org_units(app: RunningApp, org: str):
    answer = file(app, machine_token(app), reference="far", org=org)

    assert answer.status_code == 403
    assert "error" in answer.json()


@dispatch
@only(
    "claims",
    [
        {"azp": "another-machine"},
        {"azp": "dispatch"},
        {"aud": "grid-service"},
        {"iss": "https://evil.test/realms/workers"},
        {"exp": 1},
        {"sid": "session"},
        {"roles": []},
        {"roles": ["dispatcher"]},
        {"groups": []},
        {"groups": ["/baoan/xixiang/staff"]},
    ],
    ids=str,
)
def test_a_token_that_is_not_the_machines_own_files_nothing(
    app: RunningApp, claims: dict[str, Any]
):
    assert file(app, machine_token(app, **claims), reference="forged").status_code in (401, 403)


@dispatch
def test_a_person_files_nothing_and_a_machine_is_nobody_on_the_pages(app: RunningApp):
    dispatcher = worker(app, "source", "/baoan/xixiang/source")

    answer = dispatcher.post(f"{app.url}/api/events")
    page = httpx.get(f"{app.url}/whoami", headers=machine_token(app))

    assert (answer.status_code, page.status_code) == (401, 401)


@dispatch
@only(
    "filing",
    [
        {"class": "Z99"},
        {"org": "baoan/xixiang"},
        {"org": "/baoan/xixiang/../xinan"},
        {"org": ["/baoan/xixiang"]},
        {"text": ""},
        {"text": "长" * 501},
        {"reference": "a b"},
        {"team": "police"},
        {"text": "x" * 20_000},
    ],
    ids=lambda filing: ",".join(filing),
)
def test_a_filing_that_is_not_as_described_is_refused_and_says_where(
    app: RunningApp, filing: dict[str, Any]
):
    answer = file(app, machine_token(app), **filing)

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


@dispatch
def test_an_event_is_assigned_by_a_dispatcher_of_its_unit_only(app: RunningApp):
    number = file(app, machine_token(app), reference="m-3").json()["number"]
    there = f"{app.url}/events/{number}/assign"

    for role, post in (
        ("dispatcher", "/baoan/xinan/staff"),
        ("dispatcher", f"{GRID_13}/grid-worker"),
        ("leader", "/baoan/xixiang/leader"),
    ):
        browser = worker(app, role, post)
        assert browser.post(there, team="police").status_code == 403, role
    dispatcher = worker(app, "dispatcher", "/baoan/xixiang/staff")
    assert dispatcher.post_from("https://evil.test", there, team="police").status_code == 403
    assert dispatcher.post(there, team="army").status_code == 400
    assert dispatcher.post(f"{app.url}/events/99999/assign", team="police").status_code == 403
    assert dispatcher.post(there, team="police").status_code == 200


@dispatch
def test_a_leader_sees_figures_of_the_own_units_and_no_single_event(app: RunningApp):
    street = worker(app, "leader", "/baoan/xixiang/leader").get(app.url + "/").text

    assert "共乐社区 12网格" in street
    assert "海旺" not in street
    assert "楼道堆放电动车" not in street
    assert "/assign" not in street
    district = worker(app, "leader", "/baoan/leader").get(app.url + "/").text
    assert "海旺社区 03网格" in district
