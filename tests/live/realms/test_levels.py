"""Every way in, every level asked for, first and later: never more is said than was proven.

And nobody is left standing: whoever cannot go on reads what to do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.live.realms.signing_in import TrialRealm, Visitor
from tests.waiting import within

RANK = {"activation": 0, "qr": 1, "password": 2, "mfa": 3, "passkey": 4}
WAY_ON = ("counter", "add a passkey", "Set up two-step sign-in")

PASSKEY_PAGE = "#kc-form-webauthn #authenticateWebAuthnButton"

Visit = Callable[..., Visitor]


@dataclass
class Person:
    """Somebody, the ways in they have, and what they have proven in this browser."""

    username: str
    subject: str
    password: bool = False
    totp: bool = False
    keys: list[dict[str, Any]] | None = None
    proven: set[str] = field(default_factory=set)
    codes: int = 0

    @property
    def rank(self) -> int:
        if "passkey" in self.proven:
            return RANK["passkey"]
        if {"password", "totp"} <= self.proven:
            return RANK["mfa"]
        return RANK["password"] if "password" in self.proven else RANK["qr"]


@pytest.fixture(scope="module")
def keys(trial: TrialRealm, chromium: Any) -> Person:
    """A resident with nothing but a passkey, made at Keycloak after an activation code."""
    username, subject = trial.person()
    trial.require(subject, "webauthn-register-passwordless")
    trial.op.signs_in(subject)
    visitor = Visitor(trial, chromium, [])
    visitor.page.on("dialog", lambda dialog: dialog.accept("my phone"))
    visitor.at(kc_idp_hint="activation").page.click("#registerWebAuthn")
    visitor.page.wait_for_url(lambda url: url.startswith(trial.client["redirect_uri"]))
    assert visitor.level == "activation"
    return Person(username, subject, keys=visitor.held_keys())


@pytest.fixture
def person(request: pytest.FixtureRequest, trial: TrialRealm, keys: Person) -> Person:
    if request.param == "passkey":
        keys.proven.clear()
        return keys
    made = trial.person(password=request.param != "nothing", totp=request.param == "totp")
    return Person(*made, password=request.param != "nothing", totp=request.param == "totp")


def goes_on(visitor: Visitor, person: Person) -> str | None:
    """Do whatever Keycloak asks, as far as this person can; the level that the app is told."""
    for _ in range(6):
        if person.keys is not None:
            _settles(visitor, person)
        if (level := visitor.level) is not None:
            return level
        if not _answers(visitor, person):
            return None
    raise AssertionError(f"Keycloak asks on and on: {visitor.words()}")


def _answers(visitor: Visitor, person: Person) -> bool:
    page = visitor.page
    if page.locator("#otp").is_visible() and person.totp:
        visitor.types_code(later=person.codes)
        person.codes += 1
        person.proven.add("totp")
    elif page.locator(PASSKEY_PAGE).is_visible():
        before = page.url
        page.click(PASSKEY_PAGE)
        page.wait_for_url(lambda url: url != before)
    elif page.locator("#password").is_visible() and person.password:
        visitor.types_password(person.username if page.locator("#username").is_visible() else "")
        person.proven.add("password")
    else:
        return False
    return True


def _settles(visitor: Visitor, person: Person) -> None:
    """Where a user name is asked for, the browser offers the passkey by itself, in its own time."""
    page = visitor.page
    asked = f"{PASSKEY_PAGE}, #kc-error-message"
    assert within(10, lambda: visitor.is_done or page.locator(asked).count() > 0)
    held = visitor.held_keys()
    if _uses(held) > _uses(person.keys or []):
        person.proven.add("passkey")
    person.keys = held


def _uses(keys: list[dict[str, Any]]) -> int:
    return sum(int(key["signCount"]) for key in keys)


def holds(visitor: Visitor, person: Person, level: str | None) -> None:
    """What is asserted after every step."""
    if level is None:
        words = visitor.words()
        assert any(way in words for way in WAY_ON), f"a dead end: {words}"
    else:
        assert RANK[level] <= person.rank, f"{level} was never proven, only {person.proven}"


@pytest.mark.parametrize("first", ["", "mfa", "passkey"])
@pytest.mark.parametrize("scans", [True, False], ids=["scan", "other ways"])
@pytest.mark.parametrize("person", ["nothing", "password", "totp", "passkey"], indirect=True)
def test_no_app_is_ever_told_more_than_was_proven_and_nobody_meets_a_dead_end(
    trial: TrialRealm, visit: Visit, person: Person, scans: bool, first: str
) -> None:
    trial.op.signs_in(person.subject if scans else None)
    visitor = visit(person.keys)

    level = goes_on(visitor.at(**_asking(first)), _scanned(person, scans))
    holds(visitor, person, level)
    if level is not None:
        again = goes_on(visitor.at(), person)
        assert again is not None, "the next app showed a page"
        holds(visitor, person, again)
        for wanted in ("qr", "password", "mfa", "passkey"):
            holds(visitor, person, goes_on(visitor.at(acr_values=wanted), person))

    trial.op.signs_in(person.subject)
    person.proven.add("qr")
    holds(visitor, person, goes_on(visitor.at(prompt="login"), person))
    holds(visitor, person, goes_on(visitor.at(acr_values="mfa"), person))


def _asking(level: str) -> dict[str, str]:
    return {"acr_values": level} if level else {}


def _scanned(person: Person, scans: bool) -> Person:
    if scans:
        person.proven.add("qr")
    return person


@pytest.mark.parametrize(
    ("person", "scans", "asked", "told"),
    [
        ("password", True, "", "qr"),
        ("password", True, "password", "password"),
        ("password", False, "", "password"),
        ("totp", False, "mfa", "mfa"),
        ("totp", True, "mfa", "mfa"),
        ("passkey", False, "mfa", "mfa"),
        ("passkey", False, "passkey", "passkey"),
        ("passkey", True, "passkey", "passkey"),
        ("nothing", True, "", "qr"),
        ("nothing", True, "password", None),
        ("password", False, "passkey", None),
    ],
    indirect=["person"],
)
def test_a_first_app_is_told_what_it_asked_for_when_the_person_can_prove_it(
    trial: TrialRealm, visit: Visit, person: Person, scans: bool, asked: str, told: str | None
) -> None:
    trial.op.signs_in(person.subject if scans else None)
    visitor = visit(person.keys)

    assert goes_on(visitor.at(**_asking(asked)), _scanned(person, scans)) == told


@pytest.mark.parametrize("person", ["totp"], indirect=True)
def test_a_level_once_proven_is_not_asked_for_again(
    trial: TrialRealm, visit: Visit, person: Person
) -> None:
    trial.op.signs_in(person.subject)
    visitor = visit()
    goes_on(visitor.at(acr_values="mfa"), person)

    assert visitor.at(acr_values="password").level == "password"
    assert visitor.at(acr_values="mfa").level == "mfa"


@pytest.mark.parametrize("person", ["nothing"], indirect=True)
def test_an_activation_code_is_worth_less_than_a_scan(
    trial: TrialRealm, visit: Visit, person: Person
) -> None:
    trial.op.signs_in(person.subject)
    visitor = visit()

    assert visitor.at(kc_idp_hint="activation").level == "activation"
    assert visitor.at().level == "activation"
    assert visitor.at(acr_values="qr").level == "qr"
    assert [asked["client_id"] for asked in trial.op.asked] == [
        "keycloak-activation",
        "keycloak-residents",
    ]
