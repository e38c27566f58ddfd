"""Cross-device login, the browser's half: it shows a code, waits, acts, and is signed in once.

    start ---> status* ---> confirm ---> claim ---> OP session + authorization code
      (cookie)   (cookie)     (cookie, digits or click)   (cookie, once)

The QR carries only a frame token; everything here needs the browser's cookie secret besides. What
the phone does is in ``qr_approval``; the record and its moves are in ``qr_flow``. Requirements are
cited by their numbers in the specification of QR login (L1-A6).
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from idp_bridge.core.accounts import Account, Accounts
from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.authorization import Authentication, AuthorizationResponse, Authorizations
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Forbidden, Gone, NotFound
from idp_bridge.core.limits import Limits
from idp_bridge.core.op_sessions import OpSessions
from idp_bridge.core.qr_flow import Flow, Flows, Place, Rules, State
from idp_bridge.core.secret import digest, same
from idp_bridge.core.sign_ins import QrLocks, SignIn, SignInRecords

ACR = "qr"
CONNECTOR = "qr"


class WrongDigits(Forbidden):
    """The digits typed are not those of the phone; ``left`` tries remain (P7)."""

    code, public = "wrong_digits", "These are not the digits on your phone"

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} tries left")
        self.left = left


class QrLocked(Forbidden):
    """QR login is off for this account for now (A4, A5)."""

    code, public = "qr_locked", "Signing in by QR code is switched off for this account"


class AccountRefused(Forbidden):
    """Disabled, deleted, or an administrator: no sign-in by QR (A1)."""

    code, public = "account_refused", "This account cannot sign in by QR code"


@dataclass(frozen=True, slots=True)
class Status:
    """What the waiting page may know (B7): no identity before approval."""

    state: State
    ends: datetime
    frame: str = ""
    frame_ends: datetime | None = None
    display_name: str = ""
    digits: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class StartLimit:
    """Whom a start counts against (A5): a kiosk, or a network and a browser."""

    network: str
    per_minute: int = 20
    browser_per_hour: int = 60
    kiosk_per_minute: int = 30


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a claim gives the browser: its session, the answer to its client, and for how long."""

    token: str
    authentication: Authentication
    response: AuthorizationResponse
    life: timedelta
    kiosk: str


class QrLogin:
    """The browser's half. ``interaction`` and ``browser`` are the raw secrets of that browser."""

    def __init__(
        self,
        *,
        flows: Flows,
        rules: Rules,
        authorizations: Authorizations,
        op_sessions: OpSessions,
        accounts: Accounts,
        locks: QrLocks,
        sign_ins: SignInRecords,
        limits: Limits,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._flows = flows
        self._rules = rules
        self._authorizations = authorizations
        self._op_sessions = op_sessions
        self._accounts = accounts
        self._locks = locks
        self._sign_ins = sign_ins
        self._limits = limits
        self._audit = audit
        self._clock = clock

    async def start(
        self, interaction: str, browser: str, place: Place, limit: StartLimit
    ) -> Status:
        """Show a code for a waiting authorization request; a live flow of it goes on (reload).

        Raises ``InvalidGrant`` when the request is not this browser's, ``TooManyRequests``.
        """
        request = await self._authorizations.pending(interaction, digest(browser))
        flow = await self._live(interaction, browser)
        if flow is None:
            await self._count_start(limit, place, browser)
            now = self._clock()
            flow = Flow(
                id=secrets.token_hex(16),
                key=secrets.token_hex(32),
                interaction=digest(interaction),
                browser=digest(browser),
                realm=request.realm,
                client_id=request.client_id,
                created=now.timestamp(),
                since=now.timestamp(),
                place=place,
            )
            await self._flows.begin(flow)
            await self._record("qr_started", flow)
        return await self._status(flow)

    async def poll(self, interaction: str, browser: str) -> Status:
        """``status`` for a polling page. Raises ``TooManyRequests`` when polled too fast (B6)."""
        flow = await self._mine(interaction, browser)
        await self._limits.pace(f"qr:{flow.id}", self._rules.poll_min)
        return await self._status(flow)

    async def status(self, interaction: str, browser: str) -> Status:
        """How the browser's flow stands. Raises ``NotFound`` for anybody else's (B1)."""
        return await self._status(await self._mine(interaction, browser))

    async def short_code(self, interaction: str, browser: str) -> str:
        """A code to type on a phone that cannot scan; made only when somebody asks for it."""
        flow = self._in(await self._mine(interaction, browser), State.PENDING)
        return await self._flows.publish_short(flow)

    async def confirm(self, interaction: str, browser: str, digits: str) -> Status:
        """The act on the PC after approval: the phone's digits, or a click where none are due.

        Raises ``WrongDigits``; after the last try the flow is over and even the right digits are
        refused (P7). Raises ``Gone`` outside the state or time for it.
        """
        flow = self._in(await self._mine(interaction, browser), State.APPROVED)
        now = self._clock()
        if not same(flow.check, digits.strip()):
            left = flow.tries - 1
            over = left <= 0
            worse = flow.moved(State.CANCELLED, now) if over else flow
            await self._flows.move(flow, replace(worse, tries=left))
            if over:
                await self._record("qr_check_failed", flow)
            raise WrongDigits(max(0, left))
        confirmed = await self._flows.move(flow, flow.moved(State.CONFIRMED, now))
        return await self._status(confirmed)

    async def claim(self, interaction: str, browser: str, previous: str | None) -> SignedIn:
        """Turn a confirmed flow into a session and a code, once (L3).

        ``previous`` is the browser's present OP session token. Raises ``Gone`` or ``Conflict`` when
        it is too late, ``AccountRefused`` or ``QrLocked`` when the account changed meanwhile (A1).
        """
        flow = self._in(await self._mine(interaction, browser), State.CONFIRMED)
        flow = await self._flows.move(flow, flow.moved(State.CLAIMED, self._clock()))
        account = await self._checked_account(flow)
        signed_in = await self._sign_in(flow, account, interaction, browser, previous)
        await self._record("qr_claimed", flow)
        return signed_in

    async def cancel(
        self, interaction: str, browser: str, error: str = "access_denied"
    ) -> AuthorizationResponse:
        """Give up: the person chose another way in, or went away. Raises ``InvalidGrant``."""
        response = await self._authorizations.refuse(interaction, digest(browser), error)
        flow = await self._live(interaction, browser)
        if flow is not None:
            await self._flows.move(flow, flow.moved(State.CANCELLED, self._clock()))
            await self._record("qr_cancelled", flow)
        return response

    async def discard(self, interaction: str, browser: str) -> None:
        """The person at the browser does not go on as who approved (B5); the request waits on."""
        flow = await self._live(interaction, browser)
        if flow is not None:
            await self._flows.move(flow, flow.moved(State.CANCELLED, self._clock()))
            await self._record("qr_discarded", flow)

    async def _sign_in(
        self, flow: Flow, account: Account, interaction: str, browser: str, previous: str | None
    ) -> SignedIn:
        now = self._clock()
        life = self._rules.kiosk_max if flow.place.kiosk else self._rules.session_life
        held = await self._op_sessions.find(previous)
        same_person = held is not None and held.authentication.subject == account.subject
        sid = held.authentication.sid if held and same_person else self._op_sessions.new_sid()
        authentication = Authentication(flow.realm, account.subject, now, ACR, flow.amr, sid)
        response = await self._authorizations.approve(interaction, digest(browser), authentication)
        ends = now + life if flow.place.kiosk else None
        await self._sign_ins.add(_record_of(flow, sid, now, ends))
        token = await self._op_sessions.start(
            authentication, life=life, kiosk=flow.place.kiosk, previous=previous
        )
        await self._op_sessions.answered(token, flow.client_id)
        return SignedIn(token, authentication, response, life, flow.place.kiosk)

    async def _checked_account(self, flow: Flow) -> Account:
        account = await self._accounts.find(flow.realm, flow.subject)
        if account is None or not account.enabled or account.is_administrator:
            await self._record("qr_account_refused", flow)
            raise AccountRefused("disabled, deleted or an administrator at claim")
        if await self._locks.is_locked(flow.realm, flow.subject, self._clock()):
            raise QrLocked("locked at claim")
        if not await self._accounts.is_linked(flow.realm, flow.subject, CONNECTOR):
            await self._accounts.link(flow.realm, flow.subject, CONNECTOR)
        return account

    async def _status(self, flow: Flow) -> Status:
        now, rules = self._clock(), self._rules
        state = flow.standing(now, rules)
        if state is State.PENDING:
            step = flow.step(now, rules)
            frame_ends = datetime.fromtimestamp(flow.created, tz=now.tzinfo)
            frame_ends += rules.frame_rotate * (step + 1)
            frame = await self._flows.publish(flow, step)
            return Status(state, flow.ends(rules), frame, frame_ends)
        if state is State.APPROVED:
            return Status(
                state,
                flow.ends(rules),
                display_name=flow.display_name,
                digits=len(flow.check),
                tries=flow.tries,
            )
        return Status(state, flow.ends(rules))

    async def _mine(self, interaction: str, browser: str) -> Flow:
        flow = await self._flows.of(digest(interaction))
        if not same(flow.browser, digest(browser)):
            raise NotFound("the flow is another browser's")
        return flow

    async def _live(self, interaction: str, browser: str) -> Flow | None:
        try:
            flow = await self._mine(interaction, browser)
        except NotFound:
            return None
        over = (State.DENIED, State.CANCELLED, State.EXPIRED, State.CLAIMED)
        return None if flow.standing(self._clock(), self._rules) in over else flow

    def _in(self, flow: Flow, state: State) -> Flow:
        standing = flow.standing(self._clock(), self._rules)
        if standing is not state:
            raise Gone(f"the flow is {standing}, not {state}")
        return flow

    async def _count_start(self, limit: StartLimit, place: Place, browser: str) -> None:
        minute, hour = timedelta(minutes=1), timedelta(hours=1)
        if place.kiosk:
            await self._limits.spend(f"start:{place.kiosk}", limit.kiosk_per_minute, minute)
            return
        await self._limits.spend(f"start:{limit.network}", limit.per_minute, minute)
        await self._limits.spend(f"start:{digest(browser)}", limit.browser_per_hour, hour)

    async def _record(self, name: str, flow: Flow) -> None:
        await self._audit.record(event_of(name, flow, self._clock()))


def event_of(name: str, flow: Flow, now: datetime) -> AuditEvent:
    """An audit line about a flow: coarse network, device, context hash; no frame (A6)."""
    return AuditEvent(
        now,
        name,
        flow.realm,
        flow.subject,
        network=flow.place.network,
        device=flow.device,
        context=digest(flow.context) if flow.context else "",
        detail={"flow": flow.reference(), "kiosk": flow.place.kiosk},
    )


def _record_of(flow: Flow, sid: str, now: datetime, ends: datetime | None) -> SignIn:
    place = flow.place
    return SignIn(
        sid=sid,
        realm=flow.realm,
        subject=flow.subject,
        at=now,
        browser=place.browser,
        system=place.system,
        city=place.city,
        network=place.network,
        kiosk=place.kiosk,
        device=flow.device,
        ends=ends,
    )
