"""What each example shows to whom: roles within posts, one's own applications, two realms."""

import re

import pytest

from tests.adapters.browser import Browser
from tests.adapters.conftest import RunningApp
from tests.adapters.test_examples import csrf_of

GRID_12 = "/baoan/xixiang/gongle/grid-12"
GRID_13 = "/baoan/xixiang/gongle/grid-13"
only = pytest.mark.parametrize


def tasks_on(page: str) -> set[str]:
    """The grids whose tasks are shown, by the buttons' and cards' place names."""
    return set(re.findall(r'<span class="muted">\S+社区 (\d+网格)</span>', page))


@only("started", ["grid_service"], indirect=True)
def test_a_grid_worker_of_one_grid_who_is_a_counsellor_of_another_sees_the_one(app: RunningApp):
    app.op.claims |= {
        "roles": ["handler"],
        "groups": [f"{GRID_12}/grid-worker", f"{GRID_13}/counsellor"],
    }

    assert tasks_on(app.sign_in().text) == {"12网格"}


@only("started", ["grid_service"], indirect=True)
def test_a_street_leader_sees_the_grids_of_the_street_and_may_change_nothing(app: RunningApp):
    app.op.claims |= {"roles": ["observer"], "groups": ["/baoan/xixiang/leader"]}

    page = app.sign_in().text

    assert tasks_on(page) == {"12网格", "13网格"}
    assert "/done" not in page
    assert app.browser.post(f"{app.url}/tasks/g12-2/done").status_code == 403


@only("started", ["grid_service"], indirect=True)
def test_a_task_is_completed_by_its_own_grids_handler_and_reopened_by_the_dispatcher(
    app: RunningApp,
):
    app.op.claims |= {"roles": ["handler"], "groups": [f"{GRID_12}/grid-worker"]}
    app.sign_in()
    assert app.browser.post(f"{app.url}/tasks/g13-1/done").status_code == 403
    assert app.browser.post(f"{app.url}/tasks/no-such-task/done").status_code == 403
    assert "处置人：陈网格" in app.browser.post(f"{app.url}/tasks/g12-1/done").text
    assert app.browser.post(f"{app.url}/tasks/g12-1/open").status_code == 403

    app.op.claims |= {"roles": ["dispatcher"], "groups": ["/baoan/xixiang/gongle/staff"]}
    dispatcher = Browser()
    assert "处置人：陈网格" in app.sign_in(dispatcher).text
    assert "处置人" not in dispatcher.post(f"{app.url}/tasks/g12-1/open").text


@only("started", ["grid_service"], indirect=True)
def test_a_form_of_another_site_completes_no_task(app: RunningApp):
    app.op.claims |= {"roles": ["handler"], "groups": [f"{GRID_12}/grid-worker"]}
    app.sign_in()

    app.browser.post_from("https://evil.test", f"{app.url}/tasks/g12-3/done")

    assert "处置人" not in app.browser.get(app.url + "/").text


@only("started", ["legal_aid"], indirect=True)
def test_a_resident_sees_their_own_applications_and_nobody_elses(app: RunningApp):
    app.op.claims |= {"roles": ["applicant"], "subject": "pairwise-1"}
    page = app.sign_in()
    sent = app.browser.post(
        app.url + "/",
        kind="labour",
        summary="公司拖欠我三个月的工资没有发 <b>",
        **csrf_of(page),
    )
    assert "公司拖欠我三个月的工资没有发 &lt;b&gt;" in sent.text

    other = Browser()
    app.op.claims |= {"subject": "pairwise-2", "name": "李娜", "sid": "s2"}
    assert "公司拖欠" not in app.sign_in(other).text


@only("started", ["legal_aid"], indirect=True)
@only(
    "form",
    [
        {"kind": "labour", "summary": "短"},
        {"kind": "bribery", "summary": "十个字以上的情况说明在此"},
    ],
)
def test_an_application_that_is_not_complete_is_sent_back_with_what_was_written(
    app: RunningApp, form: dict[str, str]
):
    app.op.claims |= {"roles": ["applicant"], "subject": "pairwise-3"}
    page = app.sign_in()

    answer = app.browser.post(app.url + "/", **form, **csrf_of(page))

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert form["summary"] in answer.text


@only("started", ["legal_aid"], indirect=True)
def test_a_form_without_its_token_applies_for_nothing(app: RunningApp):
    app.op.claims |= {"roles": ["applicant"], "subject": "pairwise-4"}
    app.sign_in()

    answer = app.browser.post(app.url + "/", kind="labour", summary="十个字以上的情况说明在此处")

    assert answer.status_code == 403
    assert "十个字以上的情况说明在此处" not in app.browser.get(app.url + "/").text


@only("started", ["house_codes"], indirect=True)
def test_a_visitor_is_asked_which_of_the_two_accounts_and_goes_to_that_issuer(app: RunningApp):
    page = app.browser.get(app.url + "/")

    assert page.text.count('href="/login/') == 2
    for realm, op in app.ops.items():
        there = app.browser.get(f"{app.url}/login/{realm}", follow=False).headers["location"]
        assert there.startswith(op.issuer + "/")
    assert app.browser.get(f"{app.url}/login/master").status_code == 404


@only("started", ["house_codes"], indirect=True)
def test_one_subject_in_two_realms_is_two_people(app: RunningApp):
    resident = Browser()
    app.ops["residents"].claims |= {"roles": ["lookup"], "name": "张伟"}
    app.ops["workers"].claims |= {"roles": ["inspector"], "groups": [f"{GRID_12}/grid-worker"]}
    page = resident.get(f"{app.url}/login/residents")
    app.sign_in()

    assert "户数" not in page.text
    assert app.whoami(resident).json()["subject"] == app.whoami().json()["subject"]
    assert app.whoami(resident).json()["issuer"] != app.whoami().json()["issuer"]
    app.log_out_from_behind(app.ops["workers"].tokens.logout_token(sid=None, sub="u1"))
    assert app.whoami(resident).status_code == 200
    assert app.whoami().status_code == 401


@only("started", ["house_codes"], indirect=True)
def test_an_answer_of_one_realm_never_finishes_a_sign_in_at_the_other(app: RunningApp):
    app.ops["residents"].claims |= {"roles": ["lookup"]}
    app.ops["workers"].claims |= {"roles": ["registrar"]}
    to_issuer = app.browser.get(f"{app.url}/login/residents", follow=False).headers["location"]
    answer = app.browser.get(to_issuer, follow=False).headers["location"]

    crossed = answer.replace("/callback/residents", "/callback/workers")

    assert app.browser.get(crossed).status_code == 400
    assert app.whoami().status_code == 401


@only("started", ["house_codes"], indirect=True)
def test_an_answer_that_says_another_issuer_is_refused(app: RunningApp):
    to_issuer = app.browser.get(f"{app.url}/login/residents", follow=False).headers["location"]
    answer = app.browser.get(to_issuer, follow=False).headers["location"]

    page = app.browser.get(answer.partition("&iss=")[0] + "&iss=https://evil.test")

    assert page.status_code == 400


@only("started", ["house_codes"], indirect=True)
def test_an_inspector_sees_the_inner_facts_of_the_own_grid_only(app: RunningApp):
    app.op.claims |= {"roles": ["inspector"], "groups": [f"{GRID_12}/grid-worker"]}

    page = app.sign_in().text

    cards = {card.partition("</span>")[0]: card for card in page.split('<span class="muted">')}
    assert "最近巡查" in cards["共乐社区 12网格"]
    assert "最近巡查" not in cards["共乐社区 13网格"]


@only("started", ["house_codes"], indirect=True)
def test_houses_are_found_by_code_and_by_address(app: RunningApp):
    app.ops["residents"].claims |= {"roles": ["lookup"]}
    app.browser.get(f"{app.url}/login/residents")

    assert "1 · 房屋编码" in app.browser.get(f"{app.url}/?q=4403060070130001").text
    assert "3 · 房屋编码" in app.browser.get(f"{app.url}/?q=共乐").text
    nothing = app.browser.get(f'{app.url}/?q="><script>').text
    assert "没有找到" in nothing
    assert "<script" not in nothing


@only("started", ["counselling"], indirect=True)
def test_an_hour_is_booked_by_a_resident_and_confirmed_by_a_counsellor_of_that_unit_only(
    app: RunningApp,
):
    resident, elsewhere, there = Browser(), Browser(), Browser()
    app.ops["residents"].claims |= {"roles": ["client"], "name": "李娜"}
    resident.get(f"{app.url}/login/residents")
    booked = resident.post(f"{app.url}/hours/a1/book", topic="sleep")
    assert "等待确认" in booked.text

    app.op.claims |= {"roles": ["counsellor"], "groups": [f"{GRID_12}/counsellor"]}
    assert "李娜" not in app.sign_in(elsewhere).text
    assert elsewhere.post(f"{app.url}/hours/a1/confirm").status_code == 403
    app.op.claims |= {"groups": [f"{GRID_13}/counsellor"], "sid": "s2"}
    assert "李娜" in app.sign_in(there).text
    assert "已确认" in there.post(f"{app.url}/hours/a1/confirm").text
    assert "已确认" in resident.get(f"{app.url}/").text


@only("started", ["counselling"], indirect=True)
def test_an_hour_is_booked_once_and_cancelled_by_its_client_only(app: RunningApp):
    one, two = Browser(), Browser()
    residents = app.ops["residents"]
    residents.claims |= {"roles": ["client"], "subject": "p1"}
    one.get(f"{app.url}/login/residents")
    residents.claims |= {"subject": "p2", "sid": "s2"}
    two.get(f"{app.url}/login/residents")

    assert one.post(f"{app.url}/hours/b1/book", topic="work").status_code == 200
    residents.claims |= {"subject": "p2", "sid": "s2"}
    assert two.post(f"{app.url}/hours/b1/book", topic="work").status_code == 409
    assert two.post(f"{app.url}/hours/b1/cancel").status_code == 409
    residents.claims |= {"subject": "p1", "sid": "s1"}
    assert one.post(f"{app.url}/hours/b1/cancel").status_code == 200


@only("started", ["counselling"], indirect=True)
def test_a_form_of_another_site_books_nothing(app: RunningApp):
    resident = Browser()
    app.ops["residents"].claims |= {"roles": ["client"], "subject": "p3"}
    resident.get(f"{app.url}/login/residents")

    answer = resident.post_from("https://evil.test", f"{app.url}/hours/c1/book", topic="work")

    assert answer.status_code == 403
    assert "还没有预约" in resident.get(f"{app.url}/").text


@only("started", ["mediation"], indirect=True)
def test_a_dispute_is_settled_by_a_mediator_of_its_unit_and_only_read_by_an_adviser(
    app: RunningApp,
):
    resident, adviser, mediator = Browser(), Browser(), Browser()
    app.ops["residents"].claims |= {"roles": ["party"], "name": "李娜"}
    page = resident.get(f"{app.url}/login/residents")
    story = {"kind": "noise", "summary": "楼上每天半夜拖动家具 <b>"}
    page = resident.post(f"{app.url}/disputes", org=GRID_13, **story, **csrf_of(page))
    assert "楼上每天半夜拖动家具 &lt;b&gt;" in page.text

    agreed = {"agreement": "晚上十点以后不再拖动家具"}
    app.op.claims |= {"roles": ["adviser"], "groups": ["/baoan/xixiang/gongle/legal-adviser"]}
    page = app.sign_in(adviser)
    assert "李娜" in page.text
    assert "/settle" not in page.text
    refused = adviser.post(f"{app.url}/disputes/1/settle", **agreed, **csrf_of(page))
    assert refused.status_code == 403
    app.op.claims |= {"roles": ["mediator"], "groups": [f"{GRID_13}/counsellor"], "sid": "s2"}
    page = app.sign_in(mediator)
    page = mediator.post(f"{app.url}/disputes/1/settle", **agreed, **csrf_of(page))
    assert "已达成协议" in page.text
    assert "晚上十点以后" in resident.get(f"{app.url}/").text


@only("started", ["mediation"], indirect=True)
def test_a_mediator_of_another_unit_neither_sees_nor_settles_a_dispute(app: RunningApp):
    resident = Browser()
    app.ops["residents"].claims |= {"roles": ["party"], "subject": "p9"}
    page = resident.get(f"{app.url}/login/residents")
    story = {"kind": "family", "summary": "兄弟之间因为老房子的事争执"}
    resident.post(f"{app.url}/disputes", org=GRID_12, **story, **csrf_of(page))

    app.op.claims |= {"roles": ["mediator"], "groups": ["/baoan/xinan/counsellor"]}
    page = app.sign_in()

    assert "老房子" not in page.text
    agreed = {"agreement": "别人单位的协议不能由我登记"}
    for number in (1, 2, 99):
        url = f"{app.url}/disputes/{number}/settle"
        assert app.browser.post(url, **agreed, **csrf_of(page)).status_code == 403
