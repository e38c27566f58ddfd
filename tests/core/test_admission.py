"""When an app may be admitted."""

from dataclasses import replace

import pytest

from idp_bridge.core.admission import Finding, Report, Status, why_not_admit
from tests.fakes import START

PASSED = Report("canteen", "oidc", "d1", START, (Finding("enter", "workers", "passed"),))


def report(*statuses: Status) -> Report:
    findings = tuple(Finding(f"check {n}", "workers", one) for n, one in enumerate(statuses))
    return replace(PASSED, findings=findings)


@pytest.mark.parametrize(
    ("statuses", "passes"),
    [
        (("passed",), True),
        (("passed", "warned", "skipped"), True),
        (("passed", "failed"), False),
        (("skipped", "warned"), False),
        ((), False),
    ],
)
def test_a_report_passes_if_something_was_seen_to_work_and_nothing_failed(
    statuses: tuple[Status, ...], passes: bool
) -> None:
    assert report(*statuses).passed is passes


def test_an_app_that_passed_as_it_is_may_be_admitted() -> None:
    assert why_not_admit(PASSED, "d1") == ""


def test_an_app_that_was_never_checked_is_not_admitted() -> None:
    assert "not checked" in why_not_admit(None, "d1")


def test_a_check_of_another_manifest_admits_nobody() -> None:
    assert "changed" in why_not_admit(PASSED, "d2")


def test_an_app_that_failed_is_not_admitted() -> None:
    assert "does not pass" in why_not_admit(report("passed", "failed"), "d1")
