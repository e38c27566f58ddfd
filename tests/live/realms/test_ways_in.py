"""The `residents` realm in a browser: where people are sent, and what a scan can never do."""

from collections.abc import Callable

import pytest

from tests.live.realms.signing_in import PASSWORD, TrialRealm, Visitor
from tests.waiting import within

Visit = Callable[..., Visitor]


def test_residents_are_sent_to_the_qr_code_first(trial: TrialRealm, visit: Visit) -> None:
    _, subject = trial.person(password=True)
    trial.op.signs_in(subject)

    assert visit().at().level == "qr"
    assert trial.op.asked[0]["code_challenge_method"] == "S256"


def test_declining_the_qr_code_leaves_all_other_ways(trial: TrialRealm, visit: Visit) -> None:
    trial.op.signs_in(None)
    visitor = visit().at()

    for way in ("#username", "#password", "#authenticateWebAuthnButton", "#social-qr"):
        assert visitor.page.locator(way).is_visible(), way
    assert "counter" in visitor.words()


def test_the_session_keeps_the_sid_of_the_bridge(trial: TrialRealm, visit: Visit) -> None:
    _, subject = trial.person()
    trial.op.signs_in(subject)
    claims = visit().at().claims()
    assert claims is not None

    def login() -> list[dict[str, object]]:
        found = trial.api.get(f"/realms/{trial.name}/events?type=LOGIN&user={subject}")
        return found or []

    assert within(5, lambda: bool(login()))
    event = login()[0]
    assert event["sessionId"] == claims["sid"]
    details = event["details"]
    assert isinstance(details, dict)
    assert details["identity_provider_broker_session_id"] == f"qr.{trial.op.sid}"


def test_somebody_who_was_never_linked_is_not_let_in(trial: TrialRealm, visit: Visit) -> None:
    trial.op.signs_in("somebody-the-realm-has-never-seen")
    visitor = visit().at()

    assert visitor.level is None
    assert "not set up for this account" in visitor.words()


@pytest.mark.parametrize("action", ["UPDATE_PASSWORD", "webauthn-register-passwordless"])
@pytest.mark.parametrize("password", [True, False], ids=["with password", "with nothing"])
def test_a_scan_never_adds_a_way_in(
    trial: TrialRealm, visit: Visit, action: str, password: bool
) -> None:
    _, subject = trial.person(password=password)
    trial.op.signs_in(subject)

    fresh = visit([]).at(kc_action=action)
    signed_in = visit([])
    assert signed_in.at().level == "qr"
    signed_in.at(kc_action=action)

    for visitor in (fresh, signed_in):
        assert not visitor.page.locator("#password-new, #registerWebAuthn").first.is_visible()


def test_whoever_proves_the_password_may_change_it(trial: TrialRealm, visit: Visit) -> None:
    _, subject = trial.person(password=True)
    trial.op.signs_in(subject)
    visitor = visit()
    assert visitor.at().level == "qr"

    visitor.at(kc_action="UPDATE_PASSWORD").types_password()

    visitor.page.locator("#password-new").wait_for()


def test_an_activated_resident_sets_a_password_before_anything_else(
    trial: TrialRealm, visit: Visit
) -> None:
    username, subject = trial.person()
    trial.require(subject, "UPDATE_PASSWORD")
    trial.op.signs_in(subject)
    visitor = visit().at(kc_idp_hint="activation")
    visitor.page.fill("#password-new", PASSWORD)
    visitor.page.fill("#password-confirm", PASSWORD)
    visitor.page.click("[type=submit]")
    assert visitor.level == "activation"

    trial.op.signs_in(None)

    assert visit().at().types_password(username).level == "password"


def test_a_locked_account_says_how_long_to_wait(trial: TrialRealm, visit: Visit) -> None:
    username, _ = trial.person(password=True)
    trial.op.signs_in(None)
    visitor = visit()
    for attempt in range(6):
        visitor.at()
        visitor.page.fill("#username", username)
        visitor.page.fill("#password", f"wrong-{attempt}")
        visitor.page.click("#kc-login")
        visitor.page.wait_for_load_state()

    assert "Wait 15 minutes" in visitor.words()


def test_a_disabled_account_says_where_to_go(trial: TrialRealm, visit: Visit) -> None:
    username, subject = trial.person(password=True)
    trial.api.put(f"/realms/{trial.name}/users/{subject}", {"enabled": False})
    trial.op.signs_in(None)

    assert "disabled" in visit().at().types_password(username).words()


def test_the_pages_speak_chinese_by_default(trial: TrialRealm, visit: Visit) -> None:
    trial.op.signs_in(None)
    visitor = visit().at(ui_locales="zh-CN")

    assert "用手机扫码登录" in visitor.words()
