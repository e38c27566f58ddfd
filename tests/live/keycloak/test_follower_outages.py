"""Keycloak out of reach: live reads and an alert, nothing missed afterwards, and a second copy."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from idp_bridge.core.clock import system_clock
from idp_bridge.core.revocations import Standing
from idp_bridge.store.memory import MemoryStore
from tests.live.keycloak.calls import Wire
from tests.live.keycloak.following import Bridge, Session
from tests.live.keycloak.throwaway import Realm
from tests.waiting import comes_true

TAKEN_OVER = 10.0


@pytest.fixture
async def wire(realm: Realm) -> AsyncIterator[Wire]:
    parts = urlsplit(realm.keycloak)
    wire = Wire(parts.hostname or "", parts.port or 80)
    await wire.mend()
    yield wire
    await wire.cut()


def _through(wire: Wire, realm: Realm) -> str:
    parts = urlsplit(realm.keycloak)
    return parts._replace(netloc=f"127.0.0.1:{wire.port}").geturl()


async def test_ten_seconds_without_keycloak_mean_live_reads_and_an_alert(
    realm: Realm, person: str, wire: Wire
) -> None:
    bridge = Bridge(realm, MemoryStore(system_clock), _through(wire, realm))
    async with bridge.following():
        realm.sign_in("zhangwei")
        session = Session(bridge, person, realm.sessions(person)[0])
        await wire.cut()
        realm.ask("DELETE", f"/sessions/{realm.sessions(person)[0]}")

        assert await comes_true(bridge.is_not_followed, 11)
        assert await session.standing() is Standing.STALE

        async def alerted() -> bool:
            return bridge.audit.names == ["keycloak_not_followed"]

        assert await comes_true(alerted, 3)

        await wire.mend()
        assert await comes_true(bridge.is_followed, 5)
        assert await session.standing() is Standing.ENDED


async def test_a_leader_that_cannot_reach_keycloak_lets_another_lead(
    realm: Realm, person: str, wire: Wire
) -> None:
    store = MemoryStore(system_clock)
    cut_off = Bridge(realm, store, _through(wire, realm))
    healthy = Bridge(realm, store)
    async with cut_off.following():
        assert cut_off.follower.leads
        realm.sign_in("zhangwei")
        session = Session(healthy, person, realm.sessions(person)[0])
        async with healthy.following():
            await wire.cut()
            began = asyncio.get_running_loop().time()
            realm.ask("DELETE", f"/sessions/{realm.sessions(person)[0]}")

            async def taken_over() -> bool:
                return healthy.follower.leads and await session.standing() is Standing.ENDED

            assert await comes_true(taken_over, TAKEN_OVER)
            assert asyncio.get_running_loop().time() - began < TAKEN_OVER
