"""Cross-device login, the phone's half: it has seen a code, asks what it means, and decides.

    seen ---> scan ---> (the person reads the context) ---> decide(approve | deny)
    (any phone)  (signed in, registered key)                 (signed by that key)

The server grants from the context it froze at ``scan``, never from what the phone sends back (P2).
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.audit import Audit
from idp_bridge.core.clock import Clock
from idp_bridge.core.devices import FRESH, OWN_ACT, Device, DeviceRefused, Devices
from idp_bridge.core.errors import Conflict, Forbidden, Gone, InvalidGrant, NotFound
from idp_bridge.core.geo import Position
from idp_bridge.core.kiosks import Kiosk, Kiosks, TooFar, is_near
from idp_bridge.core.limits import Limits
from idp_bridge.core.qr_flow import Flow, Flows, Rules, State
from idp_bridge.core.qr_login import AccountRefused, QrLocked, event_of
from idp_bridge.core.secret import digest, new_token, same
from idp_bridge.core.sign_ins import DENIALS_WITHIN, LOCK_AFTER_DENIALS, LOCKED_FOR, QrLocks

Gesture = Literal["in_app", "foreign", "typed"]


class StepUpNeeded(Forbidden):
    """The phone's own sign-in is too old or too weak for this approval (P6)."""

    code, public = "step_up_needed", "Please confirm on your phone that it is you, then scan again"


class TooSoon(Forbidden):
    """Approved before anybody could have read what is being approved (P4)."""

    code, public = "too_soon", "Please read what you are approving first"


@dataclass(frozen=True, slots=True)
class Phone:
    """Who holds the phone. ``cookie`` and ``session`` are digests; ``name`` is the full name."""

    cookie: str
    session: str
    realm: str
    subject: str
    name: str
    auth_time: datetime
    acr: str
    city: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the phone shows and signs: ``context`` is the exact text the hash is made of."""

    reference: str
    context: str
    context_hash: str
    nonce: str
    ends: datetime
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Decided:
    """The outcome; ``digits`` is what the person types on the PC, empty where a click will do."""

    approved: bool
    digits: str
    ends: datetime


class QrApproval:
    """The phone's half; every call raises ``BridgeError`` subclasses that say what to do."""

    def __init__(
        self,
        *,
        flows: Flows,
        rules: Rules,
        accounts: Accounts,
        devices: Devices,
        kiosks: Kiosks,
        locks: QrLocks,
        limits: Limits,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._flows = flows
        self._rules = rules
        self._accounts = accounts
        self._devices = devices
        self._kiosks = kiosks
        self._locks = locks
        self._limits = limits
        self._audit = audit
        self._clock = clock

    async def seen(self, frame: str, phone_cookie: str) -> None:
        """Hold ``frame`` for the phone with this cookie (digest) for 90 s; changes no flow (L1).

        Raises ``Gone`` for a frame that is too old, spent, or held by another phone.
        """
        now = self._clock()
        try:
            flow, step = await self._flows.by_frame(frame)
        except NotFound:
            await self._limits.spend(f"unknown-frame:{phone_cookie}", 5, timedelta(minutes=10))
            raise Gone("unknown frame") from None
        if await self._flows.is_held(frame, phone_cookie, now):
            return
        fresh = flow.step(now, self._rules) - step <= 1
        live = flow.standing(now, self._rules) is State.PENDING
        if not (fresh and live) or not await self._flows.hold(frame, phone_cookie, now):
            await self._audit.record(event_of("qr_frame_reused", flow, now))
            raise Gone("the frame is too old, spent, or held by another phone")

    async def typed(self, code: str, phone: Phone) -> str:
        """The frame that a typed short code stands for now, held for this phone.

        Raises ``Gone`` for a wrong or old code; five of them stop the account for ten minutes.
        """
        try:
            flow = await self._flows.by_short(code)
        except (NotFound, InvalidGrant):
            account = f"unknown-frame:{phone.realm}:{phone.subject}"
            await self._limits.spend(account, 5, timedelta(minutes=10))
            raise Gone("unknown short code") from None
        now = self._clock()
        if flow.standing(now, self._rules) is not State.PENDING:
            raise Gone("the flow of this code waits no longer")
        frame = await self._flows.publish(flow, flow.step(now, self._rules))
        await self.seen(frame, phone.cookie)
        return frame

    async def scan(
        self, frame: str, phone: Phone, *, proof: str, url: str, gesture: Gesture
    ) -> Asked:
        """After the person's gesture: bind the flow to this account and freeze the context.

        Raises ``Gone`` (rescan), ``Conflict`` when another account scanned it first, which cancels
        the flow (L3), ``StepUpNeeded`` (P6), ``DeviceRefused``, ``QrLocked``, ``AccountRefused``.
        """
        device = await self._proven(phone, proof, url)
        await self._may_approve(phone)
        await self._seen_by_account(frame, phone)
        flow, _ = await self._flows.by_frame(frame)
        self._strong_enough(phone, flow)
        if flow.realm != phone.realm:
            raise Forbidden("a code of another realm")
        if flow.standing(self._clock(), self._rules) is not State.PENDING:
            return await self._again(flow, phone)
        kiosk = await self._kiosks.find(flow.place.kiosk) if flow.place.kiosk else None
        nonce = new_token()
        context = self._context(flow, frame, phone, nonce, gesture, kiosk)
        scanned = flow.moved(
            State.SCANNED,
            self._clock(),
            subject=phone.subject,
            phone=phone.session,
            device=device.id,
            nonce=nonce,
            context=context,
        )
        await self._flows.move(flow, scanned)
        await self._audit.record(event_of("qr_scanned", scanned, self._clock()))
        return self._asked(scanned)

    async def decide(
        self,
        reference: str,
        phone: Phone,
        *,
        proof: str,
        url: str,
        decision: str,
        position: Position | None = None,
    ) -> Decided:
        """Approve or deny, signed by the device over the frozen context (P2).

        Raises ``DeviceRefused`` when anything signed differs from what was frozen, ``TooSoon``
        before the think time, ``TooFar`` away from a kiosk, ``Gone`` when it is too late.
        """
        device = await self._proven(phone, proof, url)
        flow = await self._flows.by_reference(reference)
        if flow.subject != phone.subject or not same(flow.phone, phone.session):
            # A sign-in in the middle makes a new phone session: a fresh scan is needed (P4).
            raise Forbidden("scanned by another session")
        if flow.device != device.id:
            raise DeviceRefused("scanned by another device")
        approve = self._signed(flow, device, decision)
        if flow.standing(self._clock(), self._rules) is not State.SCANNED:
            raise Gone("the flow is not waiting for a decision")
        if not approve:
            return await self._deny(flow)
        await self._may_approve(phone)
        return await self._approve(flow, phone, position)

    async def _approve(self, flow: Flow, phone: Phone, position: Position | None) -> Decided:
        now = self._clock()
        if now.timestamp() - flow.since < self._rules.think_time.total_seconds():
            raise TooSoon("approved before the think time")
        near = await self._near(flow, position)
        context = json.loads(flow.context)
        foreign = context["gesture"] != "in_app"
        known = account_mark(flow.realm, flow.subject) in flow.place.remembers
        check = "" if (near or known) and not foreign else self._new_digits()
        amr = ("mca", "swk", *(("user",) if _verified(phone, now) else ()))
        approved = flow.moved(
            State.APPROVED,
            now,
            check=check,
            tries=self._rules.check_tries,
            amr=(*amr, "geo") if near else amr,
            display_name=masked(phone.name),
        )
        await self._flows.move(flow, approved)
        await self._audit.record(event_of("qr_approved", approved, now))
        return Decided(True, check, approved.ends(self._rules))

    async def _near(self, flow: Flow, position: Position | None) -> bool:
        if not flow.place.kiosk:
            return False
        kiosk = await self._kiosks.find(flow.place.kiosk)
        if kiosk is None:
            raise Gone("the kiosk was revoked")
        try:
            return is_near(kiosk, position, self._rules.kiosk_radius)
        except TooFar:
            await self._flows.move(flow, flow.moved(State.CANCELLED, self._clock()))
            await self._audit.record(event_of("qr_too_far", flow, self._clock()))
            raise

    async def _deny(self, flow: Flow) -> Decided:
        now = self._clock()
        denied = await self._flows.move(flow, flow.moved(State.DENIED, now))
        await self._audit.record(event_of("qr_denied", denied, now))
        key = f"denials:{flow.realm}:{flow.subject}"
        if await self._limits.reached(key, LOCK_AFTER_DENIALS, DENIALS_WITHIN):
            await self._locks.lock(flow.realm, flow.subject, now + LOCKED_FOR, "three denials")
            await self._audit.record(event_of("qr_locked", denied, now))
        return Decided(False, "", now)

    def _signed(self, flow: Flow, device: Device, decision: str) -> bool:
        payload = self._devices.decision(device, decision)
        expected = {
            "flow": flow.reference(),
            "frame": json.loads(flow.context)["frame"],
            "ctx": digest(flow.context),
            "nonce": flow.nonce,
        }
        for name, value in expected.items():
            if not same(str(payload.get(name)), value):
                raise DeviceRefused(f"the decision is about another {name}")
        answer = payload.get("decision")
        if answer not in ("approve", "deny"):
            raise DeviceRefused("the decision is neither approve nor deny")
        return bool(answer == "approve")

    async def _proven(self, phone: Phone, proof: str, url: str) -> Device:
        return await self._devices.prove(
            realm=phone.realm, subject=phone.subject, proof=proof, method="POST", url=url
        )

    async def _may_approve(self, phone: Phone) -> None:
        if await self._locks.is_locked(phone.realm, phone.subject, self._clock()):
            raise QrLocked("the account is locked for QR login")
        account = await self._accounts.find(phone.realm, phone.subject)
        if account is None or not account.enabled or account.is_administrator:
            raise AccountRefused("disabled, deleted or an administrator")

    async def _seen_by_account(self, frame: str, phone: Phone) -> None:
        try:
            await self.seen(frame, phone.cookie)
        except Gone:
            await self._cancel_if_raced(frame, phone)
            raise

    async def _cancel_if_raced(self, frame: str, phone: Phone) -> None:
        try:
            flow, _ = await self._flows.by_frame(frame)
        except (NotFound, Gone):
            account = f"unknown-frame:{phone.realm}:{phone.subject}"
            await self._limits.spend(account, 5, timedelta(minutes=10))
            return
        if flow.standing(self._clock(), self._rules) is State.SCANNED:
            await self._again(flow, phone)

    async def _again(self, flow: Flow, phone: Phone) -> Asked:
        """A second scan: the same session sees the same; another account ends it for both (L3)."""
        state = flow.standing(self._clock(), self._rules)
        if state is not State.SCANNED:
            raise Gone(f"the flow is {state}")
        if flow.subject == phone.subject and same(flow.phone, phone.session):
            return self._asked(flow)
        cancelled = await self._flows.move(flow, flow.moved(State.CANCELLED, self._clock()))
        await self._audit.record(event_of("qr_scanned_twice", cancelled, self._clock()))
        raise Conflict("scanned by another account or phone")

    def _strong_enough(self, phone: Phone, flow: Flow) -> None:
        age = self._clock() - phone.auth_time
        risky = "hosting_network" in flow.place.warnings
        limit = FRESH if risky else self._rules.max_auth_age
        if phone.acr not in OWN_ACT or age > limit:
            raise StepUpNeeded("the phone's sign-in is too old or too weak")

    def _context(
        self,
        flow: Flow,
        frame: str,
        phone: Phone,
        nonce: str,
        gesture: Gesture,
        kiosk: Kiosk | None,
    ) -> str:
        place = flow.place
        life = self._rules.kiosk_max if kiosk else self._rules.session_life
        known = account_mark(flow.realm, phone.subject) in place.remembers
        warnings = [*place.warnings]
        warnings += ["other_city"] if place.city and phone.city not in ("", place.city) else []
        warnings += [] if known or kiosk else ["new_browser"]
        warnings += ["foreign_scanner"] if gesture == "foreign" else []
        content: dict[str, Any] = {
            "flow": flow.reference(),
            "frame": digest(frame)[:32],
            "nonce": nonce,
            "all_portals": True,
            "minutes": int(life.total_seconds() // 60),
            "kiosk": {"name": kiosk.name, "address": kiosk.address} if kiosk else None,
            "browser": place.browser,
            "system": place.system,
            "city": place.city,
            "network": place.network,
            "app_hint": place.app_hint,
            "at": int(self._clock().timestamp()),
            "gesture": gesture,
            "warnings": warnings,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def _asked(self, flow: Flow) -> Asked:
        return Asked(
            reference=flow.reference(),
            context=flow.context,
            context_hash=digest(flow.context),
            nonce=flow.nonce,
            ends=flow.ends(self._rules),
            wait=self._rules.think_time,
        )

    def _new_digits(self) -> str:
        return "".join(str(secrets.randbelow(10)) for _ in range(self._rules.digits))


def masked(name: str) -> str:
    """A name as a bystander may see it: the first character and a star (B5)."""
    return f"{name.strip()[:1]}*"


def account_mark(realm: str, subject: str) -> str:
    """What a browser's signed memory holds of an account it confirmed before (P7)."""
    return digest(f"remembered:{realm}:{subject}")[:32]


def _verified(phone: Phone, now: datetime) -> bool:
    return phone.acr == "passkey" and now - phone.auth_time <= FRESH
