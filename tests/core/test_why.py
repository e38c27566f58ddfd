"""The verdict is the one that the doors would give, with everything that is missing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp_bridge.core.accounts import Account
from idp_bridge.core.apps import App
from idp_bridge.core.errors import NotFound
from idp_bridge.core.requests import AccessRequest
from idp_bridge.core.role_ways import Joint, Step
from idp_bridge.core.why import (
    BRIDGE,
    Chain,
    Lack,
    Linked,
    LiveSession,
    RuleMet,
    Touch,
    Verdict,
    Why,
    judged,
)
from tests.core.requests_world import worker_app
from tests.fakes import START, FakeAccounts
from tests.web.portal_world import ListedApps

CHEN = Account("workers", "chen", "chenjing", "陈静", enabled=True)
SUN = Account("workers", "sun", "sunli", "孙丽", enabled=True)
GIVEN = Linked(Step(Joint.PERSON_ROLE, "chenjing", "grid/handler"), Touch(START, BRIDGE, "workers"))


def session(acr: str) -> LiveSession:
    return LiveSession(START, "10.0.0.0/24", acr)


def chain(**facts: object) -> Chain:
    said: dict[str, object] = {
        "account": CHEN,
        "app": worker_app("grid", minimum_acr="password"),
        "federated": False,
        "roles": ("handler",),
        "ways": ((GIVEN,),),
        "sessions": (session("password"),),
        **facts,
    }
    return Chain(**said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "verdict", "lacks"),
    [
        ({}, Verdict.ENTERS, ()),
        ({"sessions": ()}, Verdict.SIGNS_IN_FIRST, (Lack.NOT_SIGNED_IN,)),
        ({"sessions": (session("qr"),)}, Verdict.SIGNS_IN_FIRST, (Lack.ACR_TOO_LOW,)),
        ({"sessions": (session(""),)}, Verdict.SIGNS_IN_FIRST, (Lack.ACR_TOO_LOW,)),
        ({"sessions": (session("qr"), session("mfa"))}, Verdict.ENTERS, ()),
        ({"roles": (), "ways": ()}, Verdict.REFUSED, (Lack.NO_ROLE,)),
        (
            {"roles": (), "ways": (), "app": worker_app("grid", state="checked")},
            Verdict.REFUSED,
            (Lack.NO_ROLE, Lack.APP_NOT_ADMITTED),
        ),
        ({"app": worker_app("grid", enabled=False)}, Verdict.REFUSED, (Lack.APP_SUSPENDED,)),
        ({"account": replace(CHEN, enabled=False)}, Verdict.REFUSED, (Lack.ACCOUNT_DISABLED,)),
        (
            {
                "account": replace(CHEN, enabled=False),
                "app": worker_app("grid", enabled=False),
                "roles": (),
            },
            Verdict.REFUSED,
            (Lack.ACCOUNT_DISABLED, Lack.APP_SUSPENDED, Lack.NO_ROLE),
        ),
    ],
)
def test_the_verdict_names_everything_that_is_missing(
    facts: dict[str, object], verdict: Verdict, lacks: tuple[Lack, ...]
) -> None:
    told = judged(chain(**facts))

    assert (told.verdict, told.lacks) == (verdict, lacks)


@pytest.mark.parametrize(
    ("rule", "by_role", "by_acr"),
    [
        ({"paths": ["/admin/*"], "roles": ["observer"]}, False, True),
        ({"paths": ["/rounds/*"], "roles": ["observer", "handler"]}, True, True),
        ({"paths": ["/*"], "roles": []}, True, True),
        ({"paths": ["/*"], "acr": "mfa"}, True, False),
    ],
)
def test_of_a_rule_behind_a_proxy_it_is_told_whether_the_person_meets_it(
    rule: dict[str, object], by_role: bool, by_acr: bool
) -> None:
    behind = worker_app("grid", protocol="forward-auth", settings={"rules": [rule]})

    assert judged(chain(app=behind)).rules == (RuleMet(rule, by_role, by_acr),)
    assert judged(chain()).rules == ()


class OneChain:
    """``Chains`` with one person."""

    async def of(self, app: App, username: str) -> Chain | None:
        return chain(app=app) if username == "chenjing" else None


class Approved:
    """``Decisions`` with one approval, or none."""

    def __init__(self, *requests: AccessRequest) -> None:
        self._requests = requests

    async def newest_approval(
        self, realm: str, client_id: str, account: str, role: str
    ) -> AccessRequest | None:
        assert (realm, client_id, account, role) == ("workers", "grid", "chen", "handler")
        return next(iter(self._requests), None)


def why(*approvals: AccessRequest) -> Why:
    accounts = FakeAccounts(CHEN, SUN)
    return Why(ListedApps(worker_app("grid")), OneChain(), accounts, Approved(*approvals))


async def test_a_role_that_the_bridge_gave_is_told_with_whoever_approved_it() -> None:
    later = START + timedelta(hours=1)
    request = AccessRequest(
        "r1", "workers", "grid", "chen", "chenjing", "新到岗", START, "approved", "handler"
    )

    told = await why(replace(request, decided=later, decided_by="sun")).explain(
        "workers", " ChenJing ", "grid"
    )

    assert told.chain.ways[0][0].touched == Touch(later, "sunli", "workers", decided=True)


async def test_a_role_that_the_bridge_gave_without_a_request_is_told_as_such() -> None:
    told = await why().explain("workers", "chenjing", "grid")

    assert told.chain.ways[0][0] == GIVEN


@pytest.mark.parametrize(("person", "app"), [("nobody", "grid"), ("chenjing", "nothing")])
async def test_a_person_or_an_app_that_is_not_there_is_said_to_be_missing(
    person: str, app: str
) -> None:
    with pytest.raises(NotFound):
        await why().explain("workers", person, app)
