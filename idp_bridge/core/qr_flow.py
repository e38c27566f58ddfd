"""The record of one cross-device login and the moves it allows.

    pending --scan--> scanned --approve--> approved --confirm--> confirmed --claim--> claimed
       |                 |                     |                     |
       +-----------------+---------------------+---------------------+--> denied | cancelled

Every state but the last three has an edge in time after which it counts as expired, whatever the
store still holds. A move is one compare-and-set of the whole record: of two that race, one wins.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from idp_bridge.core.errors import Conflict, Gone, NotFound
from idp_bridge.core.moves import Moves
from idp_bridge.core.secret import digest
from idp_bridge.core.shortcode import code_from, normal
from idp_bridge.core.store import Store

KEPT = timedelta(minutes=15)
"""How long a record outlives its flow, so that a page can say how it ended."""


class State(StrEnum):
    """Where a flow stands; ``expired`` is never stored, it is read off the clock."""

    PENDING = "pending"
    SCANNED = "scanned"
    APPROVED = "approved"
    CONFIRMED = "confirmed"
    CLAIMED = "claimed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations and counts of the requirements L1-P8, settable within their ranges."""

    frame_rotate: timedelta = timedelta(seconds=10)
    flow_ttl: timedelta = timedelta(seconds=180)
    approve_ttl: timedelta = timedelta(seconds=90)
    claim_ttl: timedelta = timedelta(seconds=30)
    hold_ttl: timedelta = timedelta(seconds=90)
    check_ttl: timedelta = timedelta(seconds=60)
    think_time: timedelta = timedelta(seconds=2)
    poll_min: timedelta = timedelta(seconds=2)
    max_auth_age: timedelta = timedelta(hours=12)
    session_life: timedelta = timedelta(hours=8)
    digits: int = 4
    check_tries: int = 3
    kiosk_radius: int = 300
    kiosk_max: timedelta = timedelta(minutes=15)

    def life_of(self, state: State) -> timedelta | None:
        """How long a flow may stay in ``state``; ``None`` for the states that end it."""
        return {
            State.PENDING: self.flow_ttl,
            State.SCANNED: self.approve_ttl,
            State.APPROVED: self.check_ttl,
            State.CONFIRMED: self.claim_ttl,
        }.get(state)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the waiting browser is, as far as anybody can tell.

    ``network`` is coarse; ``city`` and ``warnings`` come from the operator's tables; ``app_hint``
    is what the browser claims to come from and is never more than a hint. A kiosk is proven by its
    key. ``remembers`` are digests of accounts that this browser confirmed before.
    """

    browser: str = ""
    system: str = ""
    city: str = ""
    network: str = ""
    app_hint: str = ""
    kiosk: str = ""
    remembers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """One attempt to sign one browser in. ``key`` makes the frames and never leaves the server."""

    id: str
    key: str
    interaction: str
    browser: str
    realm: str
    client_id: str
    created: float
    place: Place
    state: State = State.PENDING
    since: float = 0.0
    subject: str = ""
    display_name: str = ""
    phone: str = ""
    device: str = ""
    nonce: str = ""
    context: str = ""
    check: str = ""
    tries: int = 0
    amr: tuple[str, ...] = field(default_factory=tuple)

    def step(self, now: datetime, rules: Rules) -> int:
        """Which frame the screen shows now."""
        return int((now.timestamp() - self.created) // rules.frame_rotate.total_seconds())

    def frame(self, step: int) -> str:
        """The frame token of a step: 128 bits, base64url, 22 characters (L1)."""
        mac = hmac.new(bytes.fromhex(self.key), step.to_bytes(8), hashlib.sha256).digest()[:16]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def short_code(self) -> str:
        """What a person types who cannot scan: 50 bits, good while this flow waits."""
        return code_from(hmac.new(bytes.fromhex(self.key), b"short code", hashlib.sha256).digest())

    def standing(self, now: datetime, rules: Rules) -> State:
        """The state as of ``now``: past its edge in time a flow is expired (L2)."""
        life = rules.life_of(self.state)
        if life is not None and now.timestamp() - self.since >= life.total_seconds():
            return State.EXPIRED
        return self.state

    def ends(self, rules: Rules) -> datetime:
        """When the present state expires."""
        life = rules.life_of(self.state) or timedelta(0)
        return datetime.fromtimestamp(self.since, UTC) + life

    def reference(self) -> str:
        """What a phone calls this flow; useless to a browser."""
        return digest(f"reference:{self.id}")[:32]

    def moved(self, state: State, now: datetime, **changes: Any) -> "Flow":
        """The same flow in the next state."""
        return replace(self, state=state, since=now.timestamp(), **changes)


class Flows:
    """Flow records in the store, found by interaction, by frame and by reference."""

    def __init__(self, store: Store, rules: Rules, moves: Moves) -> None:
        self._store = store
        self._rules = rules
        self._moves = moves

    async def begin(self, flow: Flow) -> None:
        """Write a new flow; an older one of the same interaction is replaced."""
        await self._store.put(_flow(flow.interaction), _encode(flow), KEPT)
        await self._store.put(f"qr:ref:{flow.reference()}", flow.interaction.encode(), KEPT)

    async def of(self, interaction: str) -> Flow:
        """The flow of an interaction (given as digest). Raises ``NotFound``."""
        value = await self._store.get(_flow(interaction))
        if value is None:
            raise NotFound("no such flow")
        return _decode(value)

    async def by_reference(self, reference: str) -> Flow:
        """The flow that a phone was told about. Raises ``NotFound``."""
        interaction = await self._store.get(f"qr:ref:{reference}")
        if interaction is None:
            raise NotFound("no such flow")
        flow = await self.of(interaction.decode())
        if flow.reference() != reference:
            raise NotFound("that flow was replaced")
        return flow

    async def publish(self, flow: Flow, step: int) -> str:
        """The frame token of ``step``, findable for ten minutes by its digest only (L4)."""
        frame = flow.frame(step)
        value = json.dumps([flow.interaction, flow.id, step]).encode()
        await self._store.swap(f"qr:frame:{digest(frame)}", None, value, timedelta(minutes=10))
        return frame

    async def by_frame(self, frame: str) -> tuple[Flow, int]:
        """The flow that showed ``frame`` and the step it stood for.

        Raises ``NotFound`` for one never shown, ``Gone`` when its flow was replaced.
        """
        value = await self._store.get(f"qr:frame:{digest(frame)}")
        if value is None:
            raise NotFound("unknown frame")
        interaction, flow_id, step = json.loads(value)
        flow = await self.of(interaction)
        if flow.id != flow_id:
            raise Gone("the flow of this frame was replaced")
        return flow, step

    async def publish_short(self, flow: Flow) -> str:
        """The flow's short code, findable by its digest for as long as a flow may wait."""
        code = flow.short_code()
        value = json.dumps([flow.interaction, flow.id]).encode()
        await self._store.put(_short(code), value, self._rules.flow_ttl)
        return code

    async def by_short(self, code: str) -> Flow:
        """The flow of a typed code. Raises ``NotFound``, ``InvalidGrant`` when it is no code."""
        value = await self._store.get(_short(code))
        if value is None:
            raise NotFound("unknown short code")
        interaction, flow_id = json.loads(value)
        flow = await self.of(interaction)
        if flow.id != flow_id:
            raise NotFound("the flow of this short code was replaced")
        return flow

    async def move(self, old: Flow, new: Flow) -> Flow:
        """Compare and set. Raises ``Conflict`` when somebody else moved the flow first (L3)."""
        key = _flow(old.interaction)
        if not await self._store.swap(key, _encode(old), _encode(new), KEPT):
            raise Conflict("the flow moved meanwhile")
        await self._moves.tell(old.interaction)
        return new

    async def hold(self, frame: str, phone: str, now: datetime) -> bool:
        """Keep ``frame`` for one phone's cookie; whether this phone holds it (L1)."""
        key, ttl = f"qr:hold:{digest(frame)}", timedelta(minutes=10)
        value = json.dumps([phone, now.timestamp()]).encode()
        if await self._store.swap(key, None, value, ttl):
            return True
        return await self.is_held(frame, phone, now)

    async def is_held(self, frame: str, phone: str, now: datetime) -> bool:
        """Whether this phone holds ``frame`` still."""
        held = await self._store.get(f"qr:hold:{digest(frame)}")
        if held is None:
            return False
        holder, since = json.loads(held)
        age = now.timestamp() - since
        return bool(holder == phone and age < self._rules.hold_ttl.total_seconds())


def _flow(interaction: str) -> str:
    return f"qr:flow:{interaction}"


def _short(code: str) -> str:
    return f"qr:short:{digest(normal(code))}"


def _encode(flow: Flow) -> bytes:
    return json.dumps(asdict(flow), sort_keys=True).encode()


def _decode(value: bytes) -> Flow:
    raw = json.loads(value)
    place = raw.pop("place")
    place["remembers"], place["warnings"] = tuple(place["remembers"]), tuple(place["warnings"])
    raw["amr"], raw["state"] = tuple(raw["amr"]), State(raw["state"])
    return Flow(place=Place(**place), **raw)
