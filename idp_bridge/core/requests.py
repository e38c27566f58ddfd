"""A worker's request for an app: its facts, who decides, and where requests are kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from idp_bridge.core.apps import App


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One request. ``ends`` is when the role given will end; ``None``: it stays."""

    id: str
    realm: str
    client_id: str
    account: str
    username: str
    reason: str
    asked: datetime
    state: str = "asked"
    role: str = ""
    ends: datetime | None = None
    decided: datetime | None = None
    decided_by: str = ""
    answer: str = ""


class RequestRecords(Protocol):
    """Requests, durably."""

    async def add(self, request: AccessRequest) -> None:
        """Raises ``Conflict`` while another of the account for that app is undecided."""
        ...

    async def find(self, request_id: str) -> AccessRequest | None: ...

    async def of_account(self, realm: str, account: str, limit: int) -> tuple[AccessRequest, ...]:
        """The newest first."""
        ...

    async def in_state(self, realm: str, state: str) -> tuple[AccessRequest, ...]:
        """The oldest first."""
        ...

    async def change(self, old: AccessRequest, new: AccessRequest) -> bool:
        """Replace ``old``; of several callers with the same ``old`` one gets ``True``."""
        ...

    async def newest_approval(
        self, realm: str, client_id: str, account: str, role: str
    ) -> AccessRequest | None: ...


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides. ``administers``: stands in for every owner."""

    account: str
    username: str
    administers: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """What the owner chose."""

    role: str
    ends: datetime | None = None
    answer: str = ""


def may_be_asked_for(app: App) -> bool:
    """Admitted, running, and its owner lets workers ask."""
    return app.enabled and app.state == "admitted" and app.requestable and bool(app.roles)


def may_decide(who: Decider, app: App, request: AccessRequest) -> bool:
    """The app's owner or an administrator, and never about their own request."""
    if request.account == who.account:
        return False
    return who.administers or (bool(app.owner) and app.owner == who.username)
