"""Port: what happened, for the record. Never a token, code, secret or full personal number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the record. ``network`` is coarse (/24 or /48), ``context`` a hash."""

    at: datetime
    name: str
    realm: str = ""
    account: str = ""
    actor: str = ""
    network: str = ""
    device: str = ""
    context: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


class Audit(Protocol):
    """An append-only record that survives a flush of the store."""

    async def record(self, event: AuditEvent) -> None: ...

    async def of_account(self, realm: str, account: str, limit: int) -> tuple[AuditEvent, ...]:
        """The newest ``limit`` events of one account, newest first."""
        ...

    async def newest(self, limit: int) -> tuple[AuditEvent, ...]: ...
