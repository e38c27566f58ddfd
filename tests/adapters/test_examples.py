"""What every app of the city has to do right, held against each example app as a process."""

import base64
import json
from typing import Any

import httpx
import jwt
import pytest

from tests.adapters.browser import Browser
from tests.adapters.conftest import APPS, Examples, RunningApp
from tests.waiting import within


def test_a_person_with_a_role_is_in_with_no_screen_and_is_known(app: RunningApp):
    app.op.claims |= {"roles": ["handler"], "groups": ["/baoan/xixiang/gongle/grid-12/grid-worker"]}

    page = app.sign_in()

    assert page.status_code == 200, page.text
    assert "陈网格" in page.text
    assert app.whoami().json() == {
        "issuer": app.op.issuer,
        "subject": "u1",
        "name": "陈网格",
        "roles": ["handler"],
        "posts": [{"role": "grid-worker", "org": "/baoan/xixiang/gongle/grid-12"}],
        "acr": "password",
    }


def test_without_a_role_here_the_page_says_so_and_nothing_is_shown(app: RunningApp):
    app.op.claims |= {"resource_access": {"another-app": {"roles": ["handler"]}}}

    page = app.sign_in(**{"accept-language": "en"})

    assert page.status_code == 403
    assert "You cannot enter this app at present" in page.text
    assert app.whoami().status_code == 403


def test_a_role_taken_or_given_is_followed_within_two_seconds_in_a_living_session(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    app.sign_in()
    assert app.whoami().status_code == 200

    app.op.claims["roles"] = []
    assert within(2.5, lambda: app.whoami().status_code == 403)
    app.op.claims["roles"] = ["observer"]
    assert within(2.5, lambda: app.whoami().status_code == 200)
    assert app.whoami().json()["roles"] == ["observer"]


def test_a_session_that_ended_at_the_issuer_is_over_here_within_two_seconds(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    app.sign_in()

    app.op.session_lives = False

    assert within(2.5, lambda: app.whoami().status_code == 401)


def test_while_the_issuer_is_away_nobody_is_let_in_and_nobody_is_signed_out(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    app.sign_in()

    app.op.answers = False
    assert within(2.5, lambda: app.whoami().status_code == 503)
    app.op.answers = True
    assert app.whoami().status_code == 200


def test_a_back_channel_logout_ends_exactly_the_session_it_names(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    other = Browser()
    app.sign_in()
    app.op.claims["sid"] = "s2"
    app.sign_in(other)
    app.op.claims["sid"] = "s1"

    answer = app.log_out_from_behind(app.op.tokens.logout_token(sid="s1"))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert app.whoami().status_code == 401
    app.op.claims["sid"] = "s2"
    assert app.whoami(other).status_code == 200


def test_a_back_channel_logout_by_subject_ends_all_sessions_of_that_person(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    app.sign_in()

    app.log_out_from_behind(app.op.tokens.logout_token(sid=None, sub="somebody else"))
    assert app.whoami().status_code == 200
    app.log_out_from_behind(app.op.tokens.logout_token(sid=None, sub="u1"))
    assert app.whoami().status_code == 401


def forged_logout_tokens(app: RunningApp) -> dict[str, str]:
    tokens = app.op.tokens
    good = tokens.logout_token(sid="s1")
    claims = jwt.decode(good, options={"verify_signature": False})
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"x"}').rstrip(b"=").decode()
    published = tokens.jwks["keys"][0]["x"].encode()
    symmetric = jwt.encode(claims, published, "HS256", headers={"kid": tokens.key_id})
    return {
        "nothing": "",
        "not a token": "x.y.z",
        "unsigned": f"{none}.{body}.",
        "shared secret": symmetric,
        "an ID token": tokens.id_token(subject="u1", sid="s1"),
        "for another app": tokens.logout_token(sid="s1", aud="another"),
        "of another issuer": tokens.logout_token(sid="s1", iss="https://evil.test"),
        "with a nonce": tokens.logout_token(sid="s1", nonce="n"),
        "without the event": tokens.logout_token(sid="s1", events={"other": {}}),
        "expired": tokens.logout_token(sid="s1", exp=1),
        "without exp": tokens.logout_token(sid="s1", exp=None),
        "naming nobody": tokens.logout_token(sid=None),
    }


def test_no_forged_logout_token_ends_a_session(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    app.sign_in()

    for kind, token in forged_logout_tokens(app).items():
        assert app.log_out_from_behind(token).status_code == 400, kind
    assert app.whoami().status_code == 200


def test_signing_out_ends_the_session_here_and_at_the_issuer(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    page = app.sign_in()

    page = app.browser.post(f"{app.url}/logout", **csrf_of(page))

    assert page.status_code == 200, page.text
    assert str(page.url).startswith(f"{app.url}/signed-out")
    assert not app.op.session_lives
    assert app.whoami().status_code == 401


def test_another_site_cannot_sign_people_out(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    app.sign_in()

    answer = app.browser.get(f"{app.url}/logout", follow=False)
    assert answer.status_code in (401, 403, 405)
    answer = app.browser.post_from("https://evil.test", f"{app.url}/logout")
    assert answer.status_code in (401, 403)

    assert app.whoami().status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "somebody else's"},
        {"nonce": None},
        {"aud": "another"},
        {"iss": "https://evil.test"},
        {"azp": "another", "aud": ["grid-service", "legal-aid", "house-codes", "another"]},
        {"exp": 1},
        {"typ": "Refresh"},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_this_sign_in_signs_nobody_in(
    app: RunningApp, claims: dict[str, Any]
):
    honest = {**app.op.claims, "roles": ["handler"]}
    app.op.claims = {**honest, **claims}

    page = app.sign_in()

    assert page.status_code == 400, page.text
    assert app.whoami().status_code == 401
    app.op.claims = honest
    assert app.sign_in().status_code == 200


def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    attacker = Browser()
    to_issuer = attacker.get(app.entry, follow=False)
    while not to_issuer.headers["location"].startswith(app.op.issuer):
        to_issuer = attacker.get(app.url + to_issuer.headers["location"], follow=False)
    answer = attacker.get(to_issuer.headers["location"], follow=False).headers["location"]

    page = app.browser.get(answer)

    assert page.status_code == 400
    assert app.whoami().status_code == 401
    assert attacker.get(answer).status_code == 200


def test_the_session_gets_a_new_id_at_sign_in_and_the_old_one_is_worth_nothing(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    app.sign_in()
    planted = {origin: dict(jar) for origin, jar in app.browser.cookies.items()}
    app.sign_in()
    fresh = Browser()
    fresh.cookies = planted
    app.browser.get(app.url + "/login" if app.entry.endswith("/") else app.entry)

    assert app.whoami().status_code == 200
    assert app.whoami(fresh).status_code == 401


def test_cookies_belong_to_this_origin_alone_and_hold_no_token(app: RunningApp):
    app.op.claims["roles"] = ["handler"]
    app.sign_in()
    app.browser.get(app.url + "/signed-out?lang=en")

    ours = [line for line in app.browser.set if "__Host-" in line]
    assert ours == app.browser.set
    port = app.url.rpartition(":")[2]
    for line in ours:
        assert port in line.partition("=")[0]
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= {
            part.strip().lower() for part in line.split(";")
        }
        for secret in ("refresh", "eyJ"):
            assert secret not in base64.urlsafe_b64decode(
                line.partition("=")[2].partition(";")[0].partition(".")[0].strip('"') + "==="
            ).decode("latin-1")


def test_a_weak_sign_in_is_sent_back_for_the_level_that_the_app_requires(examples: Examples):
    for name in APPS:
        app = examples.start(name, REQUIRED_ACR="mfa")
        app.op.claims |= {"roles": ["handler"], "acr": "qr"}

        page = app.sign_in(**{"accept-language": "en"})

        assert page.status_code == 403
        assert "A stronger sign-in is needed" in page.text
        app.op.claims["acr"] = "mfa"
        more = page.text.partition('class="button" href="')[2].partition('"')[0]
        assert app.browser.get(app.url + more).status_code == 200
        assert app.op.asked[-1]["acr_values"] == "mfa"
        assert app.whoami().json()["acr"] == "mfa"


def test_the_app_answers_at_its_own_address_only(app: RunningApp):
    answer = httpx.get(f"{app.url}/", headers={"host": "evil.test"})

    assert answer.status_code == 421
    assert "location" not in answer.headers


def test_pages_may_not_be_framed_and_load_nothing_from_elsewhere(app: RunningApp):
    page = app.browser.get(f"{app.url}/signed-out")

    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'self'" in policy
    assert page.text.count("<script") == 0
    assert " style=" not in page.text


def test_people_read_chinese_unless_they_chose_english_and_the_choice_lasts(app: RunningApp):
    there = f"{app.url}/signed-out"

    assert "您已退出" in app.browser.get(there).text
    assert "You are signed out" in app.browser.get(there, **{"accept-language": "en-GB"}).text
    assert "You are signed out" in app.browser.get(f"{there}?lang=en").text
    assert "You are signed out" in app.browser.get(there).text


@pytest.mark.parametrize("missing", ["APP_URL", "LISTEN", "SESSION_SECRET", "CLIENT_ID"])
def test_a_missing_setting_is_one_clear_sentence(missing: str, examples: Examples):
    with pytest.raises(AssertionError, match=f"Set {missing} in the environment"):
        examples.start("grid_service", **{missing: ""})


def csrf_of(page: httpx.Response) -> dict[str, str]:
    value = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    return {"csrfmiddlewaretoken": value} if value else {}
