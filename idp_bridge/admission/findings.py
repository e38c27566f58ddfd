"""Collects what the checks of one app in one realm found."""

from collections.abc import Awaitable

from idp_bridge.admission.browser import CannotBrowse
from idp_bridge.core.admission import Finding


class Findings:
    """Findings in the order in which they were made."""

    def __init__(self, realm: str) -> None:
        self._realm = realm
        self._found: list[Finding] = []

    @property
    def all(self) -> tuple[Finding, ...]:
        return tuple(self._found)

    def passed(self, check: str, reason: str = "", **facts: str) -> None:
        self._found.append(Finding(check, self._realm, "passed", reason, facts))

    def failed(self, check: str, reason: str, **facts: str) -> None:
        self._found.append(Finding(check, self._realm, "failed", reason, facts))

    def warned(self, check: str, reason: str, **facts: str) -> None:
        self._found.append(Finding(check, self._realm, "warned", reason, facts))

    def skipped(self, check: str, reason: str, **facts: str) -> None:
        self._found.append(Finding(check, self._realm, "skipped", reason, facts))

    def failures_of(self, check: str) -> bool:
        """Whether ``check`` failed."""
        return any(f.check == check and f.status == "failed" for f in self._found)

    async def during(self, check: str, looking: Awaitable[None]) -> None:
        """An app that does not answer fails the check that was under way."""
        try:
            await looking
        except CannotBrowse as error:
            self.failed(check, "no_answer", what=str(error))
