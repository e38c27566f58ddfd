"""What an admission check found, and the ports that it works through.

    draft --check passes--> checked --admit--> admitted

A result is about one manifest, named by its digest: a manifest that changed has no result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Status = Literal["passed", "failed", "warned", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found in one realm.

    ``check`` and ``reason`` are keys of the texts ``admission.*``; ``facts`` fill those in and hold
    no secret, and nothing of people: whoever was looked at existed for the check only.
    """

    check: str
    realm: str
    status: Status
    reason: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The newest check of an app. ``digest`` names the manifest that was checked."""

    client_id: str
    protocol: str
    digest: str
    at: datetime
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether the app may be admitted: something was seen to work, and nothing failed."""
        states = {finding.status for finding in self.findings}
        return "passed" in states and "failed" not in states

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What has to be mended."""
        return tuple(finding for finding in self.findings if finding.status == "failed")


def why_not_admit(report: Report | None, digest: str) -> str:
    """What stands against admitting the app whose manifest is ``digest`` now; nothing: it may."""
    if report is None:
        return "it was not checked yet"
    if report.digest != digest:
        return "its manifest has changed since the last check"
    return "" if report.passed else "it does not pass the check"


class AdmissionRecords(Protocol):
    """The newest report of each app, kept until the app is retired."""

    async def put(self, report: Report) -> None: ...

    async def of(self, client_id: str) -> Report | None: ...

    async def all(self) -> tuple[Report, ...]: ...


@dataclass(frozen=True, slots=True)
class CheckPerson:
    """Somebody who exists for one check. Every value is unique, so that it is found anywhere."""

    realm: str
    account: str
    username: str
    password: str
    totp: str
    name: str
    phone: str
    email: str
    post: str

    @property
    def personal(self) -> Mapping[str, str]:
        """What must be in no address, by the name of the claim that would tell it."""
        said = {"username": self.username, "name": self.name, "phone": self.phone}
        return {**said, "email": self.email, "posts": self.post}


Roles = Sequence[tuple[str, str]]


class CheckPeople(Protocol):
    """People at Keycloak for one check of one app. All methods raise ``Unavailable``."""

    async def make(self, realm: str, roles: Roles, *, second_factor: bool) -> CheckPerson:
        """Somebody new who holds ``roles`` (client id and role) and nothing else."""
        ...

    async def settle(self) -> None:
        """Return when making them has no consequences any more: then they may sign in."""
        ...

    async def end_sessions(self, person: CheckPerson) -> None:
        """End every session of the person, telling their apps."""
        ...

    async def clear(self) -> None:
        """Remove whoever was made for this app, by this check or one that was cut off."""
        ...


class AppTokens(Protocol):
    """What Keycloak would write into tokens for an app, by kind (``id``, ``access``, ...)."""

    async def of(
        self, realm: str, client_id: str, account: str
    ) -> Mapping[str, Mapping[str, Any]]: ...

    async def of_machine(self, realm: str, client_id: str) -> Mapping[str, Any] | None:
        """The access token of a service account; ``None`` when there is no such client."""
        ...
