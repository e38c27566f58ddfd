"""Copies of the bridge as far as following Keycloak goes, and sessions that they serve."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from idp_bridge.core.clock import system_clock
from idp_bridge.core.revocations import Revocations, Standing
from idp_bridge.core.store import Store
from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.directory import KeycloakAccounts
from idp_bridge.keycloak.follower import Follower
from tests.fakes import ListedAudit
from tests.live.keycloak.throwaway import Realm
from tests.waiting import comes_true

IN_FORCE = 2.0


class ListedEnds:
    """What the follower said is over, for the apps that were given tickets."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str | None]] = []

    async def session_over(self, realm: str, sid: str, client_id: str | None = None) -> None:
        self.told.append((sid, client_id))

    async def account_over(self, realm: str, account: str) -> None:
        self.told.append((account, None))

    async def app_over(self, realm: str, client_id: str) -> None:
        self.told.append(("", client_id))

    async def realm_over(self, realm: str) -> None:
        self.told.append((realm, None))

    async def inside(self, realm: str, client_id: str) -> dict[str, str]:
        return {}


class Bridge:
    """One copy of the bridge, as far as following goes."""

    def __init__(self, realm: Realm, store: Store, url: str = "") -> None:
        self.realm = realm.name
        self.audit = ListedAudit()
        self.revocations = Revocations(store, system_clock)
        self.api = AdminApi(url or realm.keycloak, realm.name, realm.bridge_secret)
        self.ends = ListedEnds()
        self.accounts = KeycloakAccounts({realm.name: self.api}, self.revocations)
        self.follower = Follower(
            self.api,
            self.accounts,
            revocations=self.revocations,
            ends=self.ends,
            store=store,
            audit=self.audit,
            clock=system_clock,
        )

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.follower.run())
        try:
            assert await comes_true(self.is_followed, 10), "the follower never spoke"
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self.api.close()

    async def is_followed(self) -> bool:
        return await self.revocations.is_followed(self.realm)

    async def is_not_followed(self) -> bool:
        return not await self.is_followed()


class Session:
    """A session served by the bridge: it compares marks each time it is used."""

    def __init__(self, bridge: Bridge, person: str, sid: str = "") -> None:
        self._bridge = bridge
        self._person = person
        self._sid = sid
        self._began = system_clock()

    async def standing(self) -> Standing:
        return await self._bridge.revocations.standing(
            realm=self._bridge.realm,
            subject=self._person,
            sid=self._sid,
            began=self._began,
            read_at=self._began,
        )

    async def becomes(self, standing: Standing) -> bool:
        async def check() -> bool:
            return await self.standing() is standing

        return await comes_true(check, IN_FORCE)
