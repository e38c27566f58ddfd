r"""Who is in which app that the bridge gave a ticket for: what a logout has to reach.

    visit --> the visits of its session --> the sessions of its account
                                       \--> the sessions of the realm, in many small lists

A visit is written before the app is told of the person, and lives as long as sessions do. Most
sessions end without a word: the lists are swept of those whose visits are over.
"""

import json
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from idp_bridge.core.errors import TooManyRequests, Unavailable
from idp_bridge.core.secret import digest
from idp_bridge.core.store import Store

VISIT_LIFE = timedelta(hours=9)
MOST_VISITS = 500
_RETRY_SECONDS = 3600
# With a hundred thousand sessions a list holds some four hundred.
_LISTS = 256
_SWEPT_EVERY = 64
_TRIES = 50

Rows = list[Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """One person in one app. ``tell`` is the address to tell of the end, in the protocol's way.

    ``account`` is Keycloak's user id, ``user`` what the app calls the person, ``reference`` what it
    calls the session (a CAS service ticket, a ticket's ``jti``).
    """

    realm: str
    client_id: str
    protocol: str
    sid: str
    account: str
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
        """Remember a visit; the app must not be told of the person before.

        Raises ``Unavailable``, and ``TooManyRequests`` for a session that signs in again and again:
        nothing that has to be told is ever dropped, so there is an end to what is taken on.
        """
        row = asdict(visit)

        def added(rows: Rows) -> Rows:
            if row in rows:
                return rows
            if len(rows) >= MOST_VISITS:
                raise TooManyRequests("too many visits in one session", _RETRY_SECONDS)
            return [*rows, row]

        before = await self._change(_visits(visit), added)
        if not before:
            await self._list(visit)

    async def of_session(
        self, realm: str, sid: str, client_id: str | None = None
    ) -> tuple[Visit, ...]:
        """Visits that hang on one session of Keycloak, of one app or of all."""
        held = [Visit(**row) for row in await self._rows(f"visits:{realm}:{sid}")]
        return tuple(v for v in held if client_id is None or v.client_id == client_id)

    async def sessions_of(self, realm: str, account: str) -> tuple[str, ...]:
        """The sessions in which the account visited an app."""
        return tuple(await self._rows(_of_account(realm, account)))

    async def sessions(self, realm: str) -> AsyncIterator[str]:
        """Every session of the realm in which somebody visited an app."""
        for number in range(_LISTS):
            for sid in await self._rows(f"visited:{realm}:{number}"):
                yield sid

    async def of_app(self, realm: str, client_id: str) -> tuple[Visit, ...]:
        """Everybody who is in one app, whichever way they came: also by another app's ticket."""
        found: list[Visit] = []
        for number in range(_LISTS):
            if sids := await self._rows(f"visited:{realm}:{number}"):
                held = await self._store.get_many([f"visits:{realm}:{sid}" for sid in sids])
                rows = [row for visits in held for row in json.loads(visits or b"[]")]
                found += [Visit(**row) for row in rows if row["client_id"] == client_id]
        return tuple(found)

    async def forget(self, visit: Visit) -> None:
        """The app knows that it is over, or somebody else sees to it."""
        gone = asdict(visit)
        key = _visits(visit)
        await self._change(key, lambda rows: [row for row in rows if row != gone])
        if not await self._rows(key):
            for index in _lists_of(visit):
                await self._change(index, lambda rows: [sid for sid in rows if sid != visit.sid])
            if await self._rows(key):
                # Another visit of the session began in between.
                await self._list(visit)

    async def _list(self, visit: Visit) -> None:
        sid = visit.sid
        for index in _lists_of(visit):
            before = await self._change(index, lambda rows: rows if sid in rows else [*rows, sid])
            if len(before) % _SWEPT_EVERY == _SWEPT_EVERY - 1:
                await self._sweep(index, visit.realm)

    async def _sweep(self, index: str, realm: str) -> None:
        sids = await self._rows(index)
        held = await self._store.get_many([f"visits:{realm}:{sid}" for sid in sids])
        over = {sid for sid, visits in zip(sids, held, strict=True) if visits is None}
        await self._change(index, lambda rows: [sid for sid in rows if sid not in over])

    async def _rows(self, key: str) -> Rows:
        rows: Rows = json.loads(await self._store.get(key) or b"[]")
        return rows

    async def _change(self, key: str, change: Callable[[Rows], Rows]) -> Rows:
        """The rows as they were before."""
        for _ in range(_TRIES):
            old = await self._store.get(key)
            rows: Rows = json.loads(old or b"[]")
            if await self._store.swap(key, old, json.dumps(change(rows)).encode(), VISIT_LIFE):
                return rows
        raise Unavailable("visits change all the time")


def _visits(visit: Visit) -> str:
    return f"visits:{visit.realm}:{visit.sid}"


def _lists_of(visit: Visit) -> tuple[str, str]:
    return _of_account(visit.realm, visit.account), _of_realm(visit)


def _of_account(realm: str, account: str) -> str:
    return f"visited:{realm}:account:{account}"


def _of_realm(visit: Visit) -> str:
    return f"visited:{visit.realm}:{zlib.crc32(visit.sid.encode()) % _LISTS}"
