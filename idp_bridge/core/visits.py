"""Who is in which app that the bridge gave a ticket for: what a logout has to reach.

A visit is written before the app is told of the person, under the session of Keycloak that it
hangs on, and lives as long as sessions do.
"""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta

from idp_bridge.core.errors import Unavailable
from idp_bridge.core.secret import digest
from idp_bridge.core.store import Store

VISIT_LIFE = timedelta(hours=9)
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Visit:
    """One person in one app. ``tell`` is the address to tell of the end, in the protocol's way.

    ``reference`` is what the app calls the session (a CAS service ticket, a ticket's ``jti``);
    ``user`` is what the app calls the person.
    """

    realm: str
    client_id: str
    protocol: str
    sid: str
    user: str
    reference: str
    tell: str

    @property
    def key(self) -> str:
        """The same for the same visit only."""
        return digest(f"{self.realm} {self.client_id} {self.protocol} {self.reference}")


class Visits:
    """The visits of every session, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, visit: Visit) -> None:
        """Remember a visit. Raises ``Unavailable``: then the app must not be told of the person."""
        await self._change(visit.realm, visit.sid, add=(visit,))

    async def of_session(
        self, realm: str, sid: str, client_id: str | None = None
    ) -> tuple[Visit, ...]:
        """Visits that hang on one session of Keycloak, of one app or of all."""
        held = _decode(await self._store.get(_key(realm, sid)))
        return tuple(v for v in held if client_id is None or v.client_id == client_id)

    async def forget(self, visit: Visit) -> None:
        """The app knows that it is over, or somebody else sees to it."""
        await self._change(visit.realm, visit.sid, remove=visit)

    async def _change(
        self, realm: str, sid: str, *, add: tuple[Visit, ...] = (), remove: Visit | None = None
    ) -> None:
        key = _key(realm, sid)
        for _ in range(_TRIES):
            old = await self._store.get(key)
            new = [visit for visit in _decode(old) if visit != remove] + list(add)
            value = json.dumps([asdict(visit) for visit in new]).encode()
            if await self._store.swap(key, old, value, VISIT_LIFE):
                return
        raise Unavailable("the visits of this session change all the time")


def _key(realm: str, sid: str) -> str:
    return f"visits:{realm}:{sid}"


def _decode(value: bytes | None) -> list[Visit]:
    return [Visit(**raw) for raw in json.loads(value or b"[]")]
