"""Whether what the bridge stands on is there right now, for the people who run it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.errors import Unavailable
from idp_bridge.core.revocations import Revocations
from idp_bridge.core.store import Store

_PROBE = "health-probe"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to hold; ``realm`` is empty where it concerns all."""

    name: str
    realm: str
    good: bool


class Health:
    """Looks at the store, at Keycloak and at the followers of the realms."""

    def __init__(
        self, store: Store, accounts: Accounts, revocations: Revocations, realms: tuple[str, ...]
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._revocations = revocations
        self._realms = realms

    async def checks(self) -> tuple[Check, ...]:
        """Every check, made now."""
        found = [Check("store", "", await _holds(self._probe_store()))]
        for realm in self._realms:
            keycloak, followed = await asyncio.gather(
                _holds(self._probe_keycloak(realm)),
                _holds(self._revocations.is_followed(realm)),
            )
            found += [Check("keycloak", realm, keycloak), Check("follower", realm, followed)]
        return tuple(found)

    async def _probe_store(self) -> bool:
        await self._store.put(_PROBE, b"1", timedelta(seconds=5))
        return await self._store.get(_PROBE) is not None

    async def _probe_keycloak(self, realm: str) -> bool:
        # Whether somebody has this name does not matter; that Keycloak answers does.
        await self._accounts.find_by_username(realm, _PROBE)
        return True


async def _holds(check: Awaitable[bool]) -> bool:
    try:
        return await check
    except Unavailable:
        return False
