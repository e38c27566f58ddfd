"""Follows Keycloak's events, one leader per realm, and puts them in force for every copy.

    every 0.5 s: lead? --> realm's state --> new events --> effects --> cursor --> "heard"

"Heard" is written last and carries the moment at which the reading began. Without it (Keycloak or
the store away, events switched off, no leader) nobody relies on anything read earlier, and whoever
notices says so. The cursor moves by ``swap``, so a leader that was overtaken cannot move it.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.app_logout import AppEnds
from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Unavailable
from idp_bridge.core.revocations import FOLLOWED_FOR, Revocations
from idp_bridge.core.store import Store
from idp_bridge.keycloak.admin import BRIDGE_CLIENT, AdminApi
from idp_bridge.keycloak.enforcement import Enforcement
from idp_bridge.keycloak.events import USER_EVENTS, Consequence, Effect, of_admin, of_user
from idp_bridge.keycloak.feed import OVERLAP, Cursor, Feed, Reading
from idp_bridge.keycloak.lease import Lease, LeaseLost
from idp_bridge.keycloak.realm_state import RealmState, read_realm_state
from idp_bridge.keycloak.twins import Twins

POLL = timedelta(milliseconds=500)
GIVE_WAY = timedelta(seconds=1)
STATE_EVERY = timedelta(seconds=2)
_PLACE_LIFE = timedelta(hours=24)
_WRITTEN_EVERY = timedelta(hours=1)
_ALERT_EVERY = timedelta(minutes=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """How far a realm was followed; kept in the store for the next leader."""

    admin: Cursor
    user: Cursor
    not_before: int

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, value: bytes) -> "Place":
        kept = json.loads(value)
        return cls(Cursor(**kept["admin"]), Cursor(**kept["user"]), kept["not_before"])


class Follower:
    """One copy's part in following one realm; only the holder of the lease does anything.

    ``others`` are the other realms, where an app of several has its twins.
    """

    def __init__(
        self,
        api: AdminApi,
        accounts: Accounts,
        *,
        revocations: Revocations,
        ends: AppEnds,
        store: Store,
        audit: Audit,
        clock: Clock,
        others: Iterable[AdminApi] = (),
    ) -> None:
        self._api = api
        self._realm = api.realm
        self._revocations = revocations
        self._store = store
        self._audit = audit
        self._clock = clock
        self._lease = Lease(store, f"follower:{api.realm}", clock)
        self._enforcement = Enforcement(
            api,
            accounts,
            revocations=revocations,
            ends=ends,
            keep=self._lease.keep,
            twins=Twins(others),
        )
        self._admin = Feed(api, "admin-events")
        self._user = Feed(api, "events", type=list(USER_EVENTS))
        self._moved = self._written = self._clock()
        # A copy that has just begun gives the others their time to speak.
        self._alert_from = self._clock() + FOLLOWED_FOR
        self._failing = False
        self._state: tuple[datetime, RealmState] | None = None
        self._silent = ""
        self._has_led = False

    @property
    def leads(self) -> bool:
        """Whether this copy is the one that follows."""
        return self._lease.is_held

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            while True:
                went_well = await self.step()
                await asyncio.sleep((POLL if went_well else GIVE_WAY).total_seconds())
        finally:
            await self._lease.release()

    async def step(self) -> bool:
        """One turn. ``False`` when it failed: somebody else may try first then."""
        try:
            if await self._lease.hold():
                await self._poll()
            await self._watch()
            self._failing = False
        except LeaseLost:
            log.info("follower_overtaken", realm=self._realm)
        except Unavailable as error:
            if not self._failing:
                log.warning("follower_cannot_read", realm=self._realm, reason=str(error))
            self._failing = True
            await self._give_way()
            return False
        except Exception:
            # Not understood, so not heard: everybody reads live until a person has looked.
            log.exception("follower_failed", realm=self._realm)
            await self._give_way()
            return False
        return True

    async def _poll(self) -> None:
        began = self._clock()
        state = await self._realm_state(began)
        if state.events_off:
            await self._revocations.deaf(self._realm)
            await self._revocations.stale_realm(self._realm)
            await self._alert("events_off")
            return
        if not self._has_led:
            await self._enforcement.go_on()
            self._has_led = True
        kept = await self._store.get(self._key)
        if kept is None:
            place = await self._begin(state)
        else:
            place = await self._advance(Place.decode(kept), state)
        await self._commit(kept, place)
        await self._revocations.heard(self._realm, began)

    async def _begin(self, state: RealmState) -> Place:
        """Nothing is known of before: whatever was read is read again."""
        place = Place(await self._admin.begin(), await self._user.begin(), state.not_before)
        await self._revocations.stale_realm(self._realm)
        log.info("follower_begins", realm=self._realm)
        return place

    async def _advance(self, place: Place, state: RealmState) -> Place:
        settled = self._clock() - self._moved > OVERLAP
        admin = await self._admin.read(place.admin, settled=settled)
        user = await self._user.read(place.user, settled=settled)
        if admin.events or user.events:
            self._moved = self._clock()
        effects = [effect for event in admin.events for effect in await self._of_admin(event)]
        effects += [effect for event in user.events for effect in of_user(event)]
        if any(effect.what is Consequence.CHECK_REALM for effect in effects):
            state = await self._realm_state(self._clock(), anew=True)
        effects += self._of_state(place, state)
        effects += await self._of_gaps(place, state, admin, user)
        if effects:
            await self._enforcement.apply(effects)
            log.info("follower_applied", realm=self._realm, effects=len(effects))
        return Place(admin.cursor, user.cursor, state.not_before)

    async def _of_admin(self, event: Mapping[str, Any]) -> tuple[Effect, ...]:
        effects = of_admin(event)
        by = (event.get("authDetails") or {}).get("clientId")
        if by != await self._api.client_uuid(BRIDGE_CLIENT):
            return effects
        # Our own logouts were marked when they were made; a mark now would end newer sessions. An
        # app that we closed for its twin's sake is not passed back: the twin may be open again.
        return tuple(
            Effect(Consequence.CLOSE_CLIENT, e.target) if e.what is Consequence.CHECK_CLIENT else e
            for e in effects
            if e.what is not Consequence.ACCOUNT_OVER
        )

    def _of_state(self, place: Place, state: RealmState) -> list[Effect]:
        if state.not_before > place.not_before or not state.enabled:
            return [Effect(Consequence.REALM_OVER)]
        return []

    async def _of_gaps(
        self, place: Place, state: RealmState, admin: Reading, user: Reading
    ) -> list[Effect]:
        if not admin.cleared and not user.cleared:
            return []
        now = self._clock().timestamp()
        expired = (not admin.cleared or state.admin_expired(place.admin.time, now)) and (
            not user.cleared or state.user_expired(place.user.time, now)
        )
        if not expired:
            await self._alert("events_cleared")
        return [Effect(Consequence.STALE_REALM)]

    async def _commit(self, kept: bytes | None, place: Place) -> None:
        value, now = place.encode(), self._clock()
        if value == kept and now - self._written < _WRITTEN_EVERY:
            await self._lease.keep()
            return
        if not await self._store.swap(self._key, kept, value, _PLACE_LIFE):
            raise LeaseLost(self._key)
        self._written = now

    async def _realm_state(self, now: datetime, *, anew: bool = False) -> RealmState:
        if not anew and self._state is not None and now - self._state[0] < STATE_EVERY:
            return self._state[1]
        state = await read_realm_state(self._api)
        self._state = (now, state)
        return state

    async def _watch(self) -> None:
        """Notice silence, whoever should have spoken."""
        now = self._clock()
        if await self._revocations.is_followed(self._realm):
            self._alert_from = now
            if self._silent:
                log.info("keycloak_followed_again", realm=self._realm)
            self._silent = ""
        elif now >= self._alert_from and not self._silent:
            await self._alert("events_not_read")

    async def _give_way(self) -> None:
        """Let another copy try, and speak up when the silence lasts."""
        self._state, self._has_led = None, False
        try:
            await self._lease.release()
            await self._watch()
        except Unavailable as error:
            log.debug("follower_cannot_speak", realm=self._realm, reason=str(error))

    async def _alert(self, reason: str) -> None:
        if self._silent == reason:
            return
        self._silent = reason
        log.error("keycloak_not_followed", realm=self._realm, reason=reason)
        key = f"alerted:{self._realm}:{reason}"
        if await self._store.swap(key, None, b"1", _ALERT_EVERY):
            name, detail = "keycloak_not_followed", {"reason": reason}
            await self._audit.record(
                AuditEvent(self._clock(), name, realm=self._realm, detail=detail)
            )

    @property
    def _key(self) -> str:
        return f"follower:{self._realm}"
