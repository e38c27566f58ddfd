r"""Roles of apps that end by themselves.

    set --end reached--> claimed by one copy --role taken, sessions ended--> gone
                            \--that copy was killed--> claimed by another

An end is written before the role is given, so no role outlives an end that somebody was promised.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.clock import Clock

SWEEP_EVERY = timedelta(milliseconds=500)
CLAIMED_FOR = timedelta(seconds=20)
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class RoleEnd:
    """One role of one account in one app, and when it ends; ``None``: it stays."""

    realm: str
    client_id: str
    role: str
    account: str
    ends: datetime | None


class RoleEndRecords(Protocol):
    """Ends of roles, durably: one for each role that an account holds in an app."""

    async def put(self, end: RoleEnd) -> None:
        """Write, replacing what was there."""
        ...

    async def remove(self, end: RoleEnd) -> bool:
        """``False`` when there is none, or another one by now."""
        ...

    async def clear(self, end: RoleEnd) -> bool:
        """Remove whatever end that role has; ``False`` when there is none."""
        ...

    async def of_account(self, realm: str, account: str) -> tuple[RoleEnd, ...]: ...

    async def all(self, realm: str) -> tuple[RoleEnd, ...]:
        """The next to end first."""
        ...

    async def claim(self, now: datetime, until: datetime, limit: int) -> tuple[RoleEnd, ...]:
        """Ends reached by ``now`` that nobody else works on until ``until``; each is claimed once
        by one caller."""
        ...


class AppRoles(Protocol):
    """Roles of apps that people hold directly. Every call may be repeated."""

    async def give(self, realm: str, client_id: str, role: str, account: str) -> None:
        """Raises ``NotFound`` when app, role or account is gone."""
        ...

    async def take(self, realm: str, client_id: str, role: str, account: str) -> None:
        """What is gone already is no error."""
        ...

    async def held(self, realm: str, client_id: str, account: str) -> frozenset[str]:
        """Effective roles of the account in the app."""
        ...


class RoleEnds:
    """Puts ends in force; every copy sweeps, one of them acts."""

    def __init__(
        self,
        records: RoleEndRecords,
        roles: AppRoles,
        accounts: Accounts,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._records = records
        self._roles = roles
        self._accounts = accounts
        self._audit = audit
        self._clock = clock

    async def set(self, end: RoleEnd) -> None:
        """From now on this is when the role ends; without an end it stays."""
        if end.ends is None:
            await self._records.clear(end)
        else:
            await self._records.put(end)

    async def of(self, realm: str, account: str) -> tuple[RoleEnd, ...]:
        """The account's roles that will end."""
        return await self._records.of_account(realm, account)

    async def all(self, realm: str) -> tuple[RoleEnd, ...]:
        """Every role that will end, the next one first."""
        return await self._records.all(realm)

    async def keep(self, end: RoleEnd, by: str) -> None:
        """The role stays: an administrator took its end away."""
        if await self._records.clear(end):
            await self._note("access_end_removed", end, by)

    async def end_now(self, end: RoleEnd, by: str) -> None:
        """Take the role at once."""
        await self._end(end)
        await self._note("access_ended_early", end, by)

    async def sweep(self) -> None:
        """End what is due."""
        now = self._clock()
        due = await self._records.claim(now, now + CLAIMED_FOR, _AT_ONCE)
        # One that cannot be ended now keeps no other waiting; it is claimed again.
        outcomes = await asyncio.gather(*map(self._end_due, due), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _end_due(self, end: RoleEnd) -> None:
        await self._end(end)
        await self._note("access_ended", end, "")

    async def _end(self, end: RoleEnd) -> None:
        await self._roles.take(end.realm, end.client_id, end.role, end.account)
        await self._accounts.end_sessions(end.realm, end.account)
        if not await self._records.remove(end):
            # Somebody gave the role again while it was being taken: that holds.
            await self._roles.give(end.realm, end.client_id, end.role, end.account)

    async def _note(self, name: str, end: RoleEnd, by: str) -> None:
        detail = {"app": end.client_id, "role": end.role}
        event = AuditEvent(self._clock(), name, end.realm, end.account, actor=by, detail=detail)
        await self._audit.record(event)
