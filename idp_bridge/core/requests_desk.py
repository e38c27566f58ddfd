r"""Workers ask for apps; the owner of an app decides.

    asked --approve--> granting --role given--> approved
      | \----decline--> declined
      \-----withdraw--> withdrawn

``granting`` is written before Keycloak is asked and finished by whichever copy gets there, so that
an approval is neither lost nor made twice. Nobody decides their own request, and an owner gives
roles of the own app only.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.apps import App, Apps
from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Conflict, Forbidden, InvalidRequest, NotFound
from idp_bridge.core.limits import Limits
from idp_bridge.core.requests import (
    AccessRequest,
    Approval,
    Decider,
    RequestRecords,
    may_be_asked_for,
    may_decide,
)
from idp_bridge.core.role_ends import AppRoles, RoleEnd, RoleEnds
from idp_bridge.core.secret import new_token

REASON_LENGTH = 500
_A_DAY, _A_WEEK = timedelta(days=1), timedelta(days=7)
_ASKED_A_DAY = 10
_ASKED_ONE_APP = 3
LONGEST = timedelta(days=366)
# Whoever began to grant and was killed leaves it to the others after this time.
_GRANTING_TIME = timedelta(seconds=20)


class AccessRequests:
    """Requests of one realm's people."""

    def __init__(
        self,
        records: RequestRecords,
        apps: Apps,
        accounts: Accounts,
        roles: AppRoles,
        *,
        ends: RoleEnds,
        limits: Limits,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._records = records
        self._apps = apps
        self._accounts = accounts
        self._roles = roles
        self._ends = ends
        self._limits = limits
        self._audit = audit
        self._clock = clock

    async def may_ask_for(self, realm: str, held: frozenset[str]) -> tuple[App, ...]:
        """Apps that may be asked for, without those in ``held``."""
        apps = await self._apps.of(realm)
        return tuple(app for app in apps if may_be_asked_for(app) and app.client_id not in held)

    async def ask(
        self, realm: str, account: str, username: str, *, client_id: str, reason: str
    ) -> AccessRequest:
        """Ask for an app. Raises ``InvalidRequest``, ``NotFound``, ``Conflict``,
        ``TooManyRequests``."""
        said = reason.strip()
        if not 2 <= len(said) <= REASON_LENGTH:
            raise InvalidRequest("a reason is needed, and a short one")
        app = await self.app(realm, client_id)
        if not may_be_asked_for(app):
            raise NotFound(f"{client_id} may not be asked for")
        if await self._roles.held(realm, client_id, account):
            raise Conflict("the app is theirs already")
        who = f"access-request:{realm}:{account}"
        await self._limits.spend(who, _ASKED_A_DAY, _A_DAY)
        await self._limits.spend(f"{who}:{client_id}", _ASKED_ONE_APP, _A_WEEK)
        request = AccessRequest(
            new_token(), realm, client_id, account, username, said, self._clock()
        )
        await self._records.add(request)
        await self._note("access_requested", request, account)
        return request

    async def of(self, realm: str, account: str, limit: int = 20) -> tuple[AccessRequest, ...]:
        """The account's own requests, newest first."""
        return await self._records.of_account(realm, account, limit)

    async def withdraw(self, request_id: str, account: str) -> None:
        """Take one's own request back. Raises ``NotFound``, ``Conflict``."""
        request = await self._asked(request_id)
        if request.account != account:
            raise NotFound("somebody else's request")
        await self._change(request, replace(request, state="withdrawn", decided=self._clock()))
        await self._note("access_withdrawn", request, account)

    async def to_decide(self, realm: str, who: Decider) -> tuple[AccessRequest, ...]:
        """Requests that ``who`` may decide, the oldest first."""
        waiting = await self._records.in_state(realm, "asked")
        apps = {app.client_id: app for app in await self._apps.of(realm)}
        return tuple(
            request
            for request in waiting
            if (app := apps.get(request.client_id)) and may_decide(who, app, request)
        )

    async def approve(self, request_id: str, who: Decider, approval: Approval) -> AccessRequest:
        """Give a role of the app. Raises ``Forbidden``, ``InvalidRequest``, ``Conflict``."""
        request, app = await self._to_decide(request_id, who)
        now = self._clock()
        if approval.role not in app.roles:
            raise InvalidRequest(f"{app.client_id} has no role {approval.role!r}")
        if approval.ends is not None and not now < approval.ends <= now + LONGEST:
            raise InvalidRequest("the end is in the past, or too far away")
        account = await self._accounts.find(request.realm, request.account)
        if account is None or not account.enabled:
            raise Conflict("the account is gone or disabled")
        granting = replace(
            request,
            state="granting",
            role=approval.role,
            ends=approval.ends,
            decided=now,
            decided_by=who.account,
            answer=_short(approval.answer),
        )
        await self._change(request, granting)
        return await self._grant(granting)

    async def decline(self, request_id: str, who: Decider, answer: str) -> None:
        """Say no, with a reason. Raises ``Forbidden``, ``InvalidRequest``, ``Conflict``."""
        request, _ = await self._to_decide(request_id, who)
        if not (said := _short(answer)):
            raise InvalidRequest("whoever declines says why")
        declined = replace(
            request,
            state="declined",
            decided=self._clock(),
            decided_by=who.account,
            answer=said,
        )
        await self._change(request, declined)
        await self._note("access_declined", declined, who.account)

    async def finish(self, realm: str) -> None:
        """Give what was approved by a copy that did not get to it."""
        late = self._clock() - _GRANTING_TIME
        for request in await self._records.in_state(realm, "granting"):
            if request.decided and request.decided <= late:
                with suppress(NotFound):
                    await self._grant(request)

    async def app(self, realm: str, client_id: str) -> App:
        """One app. Raises ``NotFound``."""
        for app in await self._apps.of(realm):
            if app.client_id == client_id:
                return app
        raise NotFound(f"no app {client_id!r}")

    async def _grant(self, request: AccessRequest) -> AccessRequest:
        # The end first: a role whose end nobody knows would stay for good.
        end = RoleEnd(request.realm, request.client_id, request.role, request.account, request.ends)
        await self._ends.set(end)
        try:
            await self._roles.give(end.realm, end.client_id, end.role, end.account)
        except NotFound:
            declined = replace(request, state="declined", answer="")
            await self._records.change(request, declined)
            raise
        approved = replace(request, state="approved")
        if await self._records.change(request, approved):
            await self._note("access_approved", approved, request.decided_by)
        return approved

    async def _to_decide(self, request_id: str, who: Decider) -> tuple[AccessRequest, App]:
        request = await self._asked(request_id)
        app = await self.app(request.realm, request.client_id)
        if not may_decide(who, app, request):
            raise Forbidden("neither the app's owner nor an administrator, or the own request")
        return request, app

    async def _asked(self, request_id: str) -> AccessRequest:
        request = await self._records.find(request_id)
        if request is None:
            raise NotFound("no such request")
        if request.state != "asked":
            raise Conflict("decided or withdrawn already")
        return request

    async def _change(self, old: AccessRequest, new: AccessRequest) -> None:
        if not await self._records.change(old, new):
            raise Conflict("somebody else decided at the same moment")

    async def _note(self, name: str, request: AccessRequest, actor: str) -> None:
        detail = {"app": request.client_id}
        if request.role:
            detail["role"] = request.role
        if request.ends:
            detail["until"] = request.ends.isoformat()
        event = AuditEvent(
            self._clock(), name, request.realm, request.account, actor=actor, detail=detail
        )
        await self._audit.record(event)


def _short(text: str) -> str:
    return text.strip()[:REASON_LENGTH]
