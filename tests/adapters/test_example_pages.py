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
