"""An app disabled in the console is over for those inside, although Keycloak calls nobody."""

from typing import Any

import pytest

from idp_bridge.core.clock import system_clock
from idp_bridge.store.memory import MemoryStore
from tests.live.keycloak.calls import BackChannel
from tests.live.keycloak.following import IN_FORCE, Bridge
from tests.live.keycloak.throwaway import Realm
from tests.waiting import comes_true


def _app(realm: Realm, protocol: str, **attributes: str) -> str:
    said = {"bridge.app": "true", "bridge.protocol": protocol, **attributes}
    return realm.client("district-app", attributes=said)


def _disable(realm: Realm, client: str) -> None:
    """As the console saves it; only this test signs in by direct grants, apps do not."""
    found = realm.get(f"/clients/{client}")
    off: dict[str, Any] = {"enabled": False, "directAccessGrantsEnabled": False}
    realm.ask("PUT", f"/clients/{client}", found | off)


async def test_an_app_with_a_logout_address_is_called_and_stays_disabled(
    realm: Realm, channel: BackChannel
) -> None:
    hears = {"backchannel.logout.url": channel.url, "backchannel.logout.session.required": "true"}
    client = _app(realm, "oidc", **hears)
    person = realm.person("zhangwei")
    bridge = Bridge(realm, MemoryStore(system_clock))
    async with bridge.following():
        realm.sign_in("zhangwei", "district-app")
        (sid,) = realm.sessions(person)

        _disable(realm, client)

        async def told() -> bool:
            return channel.sids() == [sid]

        assert await comes_true(told, IN_FORCE), channel.sids()

        async def disabled_as_it_was() -> bool:
            after = realm.get(f"/clients/{client}")
            closing = "bridge.closing" in after["attributes"]
            return not after["enabled"] and after["standardFlowEnabled"] and not closing

        assert await comes_true(disabled_as_it_was, IN_FORCE)
    assert realm.get(f"/clients/{client}")["attributes"]["bridge.protocol"] == "oidc"
    assert channel.sids() == [sid]


async def test_what_a_killed_follower_had_begun_is_finished_by_the_next(
    realm: Realm, channel: BackChannel
) -> None:
    hears = {"backchannel.logout.url": channel.url, "bridge.closing": "true"}
    client = _app(realm, "oidc", **hears)
    realm.person("zhangwei")
    realm.sign_in("zhangwei", "district-app")
    found = realm.get(f"/clients/{client}")
    closing = {"standardFlowEnabled": False, "directAccessGrantsEnabled": False}
    realm.ask("PUT", f"/clients/{client}", found | closing)
    bridge = Bridge(realm, MemoryStore(system_clock))

    async with bridge.following():

        async def finished() -> bool:
            after = realm.get(f"/clients/{client}")
            return len(channel.tokens) == 1 and not after["enabled"]

        assert await comes_true(finished, IN_FORCE)


@pytest.mark.parametrize("protocol", ["cas", "ticket"])
async def test_an_app_with_tickets_is_told_by_the_bridge_and_the_person_stays_signed_in(
    realm: Realm, protocol: str
) -> None:
    client = _app(realm, protocol)
    person = realm.person("zhangwei")
    bridge = Bridge(realm, MemoryStore(system_clock))
    async with bridge.following():
        realm.sign_in("zhangwei", "district-app")
        (sid,) = realm.sessions(person)

        _disable(realm, client)

        async def told() -> bool:
            return ("", realm.named("district-app")) in bridge.ends.told

        assert await comes_true(told, IN_FORCE)
    assert realm.sessions(person) == [sid]


async def test_a_client_that_is_no_app_of_the_district_is_left_alone(
    realm: Realm, channel: BackChannel
) -> None:
    client = realm.client("district-app", attributes={"backchannel.logout.url": channel.url})
    person = realm.person("zhangwei")
    bridge = Bridge(realm, MemoryStore(system_clock))
    async with bridge.following():
        realm.sign_in("zhangwei", "district-app")
        _disable(realm, client)
        assert await bridge.follower.step()
    assert len(realm.sessions(person)) == 1
    assert channel.tokens == []
