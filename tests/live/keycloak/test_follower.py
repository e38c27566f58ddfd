"""What an administrator does in Keycloak is in force within 2 s, at the bridge and at the apps."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from idp_bridge.core.clock import system_clock
from idp_bridge.core.revocations import Standing
from idp_bridge.store.memory import MemoryStore
from tests.live.keycloak.calls import BackChannel, claims
from tests.live.keycloak.following import IN_FORCE, Bridge, Session
from tests.live.keycloak.throwaway import Realm
from tests.waiting import comes_true

Act = Callable[[Realm, str], object]


def _prepare_everything(realm: Realm, person: str) -> None:
    """Rights of each kind, so that each can be taken away."""
    app = realm.made["app"]
    police, helper = realm.role("police"), realm.role("helper")
    handler = realm.client_role(app, "handler")
    realm.made |= {"district": realm.group("district")}
    realm.made |= {"post": realm.group("police-post", realm.made["district"])}
    realm.ask("POST", f"/groups/{realm.made['district']}/role-mappings/realm", [helper])
    realm.ask("POST", f"/roles/{realm.named('police')}/composites", [handler])
    realm.ask("POST", f"/users/{person}/role-mappings/realm", [police])
    realm.ask("POST", f"/users/{person}/role-mappings/clients/{app}", [handler])
    realm.ask("PUT", f"/users/{person}/groups/{realm.made['post']}")


def _change(realm: Realm, path: str, **change: Any) -> None:
    realm.ask("PUT", path, realm.get(path) | change)


def _role(realm: Realm, name: str) -> dict[str, Any]:
    return dict(realm.get(f"/roles/{realm.named(name)}"))


def _app_role(realm: Realm) -> dict[str, Any]:
    return dict(realm.get(f"/clients/{realm.made['app']}/roles/handler"))


def _reset_password(realm: Realm, person: str) -> None:
    new = {"type": "password", "value": "another-one-7", "temporary": False}
    realm.ask("PUT", f"/users/{person}/reset-password", new)


def _delete_credential(realm: Realm, person: str) -> None:
    credential = realm.get(f"/users/{person}/credentials")[0]["id"]
    realm.ask("DELETE", f"/users/{person}/credentials/{credential}")


def _move_post(realm: Realm, person: str) -> None:
    other = realm.group("other-district")
    body = {"id": realm.made["post"], "name": "police-post"}
    realm.ask("POST", f"/groups/{other}/children", body)


def _out_of_client_role(realm: Realm, person: str) -> None:
    """A client role that another client's role stands for."""
    wide = realm.client_role(realm.client("wide"), "all")
    address = f"/roles-by-id/{wide['id']}/composites"
    realm.ask("POST", address, [_app_role(realm)])
    realm.ask("DELETE", address, [_app_role(realm)])


_MAPPINGS = "role-mappings/realm"

TAKEN_AWAY: dict[str, Act] = {
    "a realm role": lambda r, p: r.ask("DELETE", f"/users/{p}/{_MAPPINGS}", [_role(r, "police")]),
    "a client role": lambda r, p: r.ask(
        "DELETE", f"/users/{p}/role-mappings/clients/{r.made['app']}", [_app_role(r)]
    ),
    "membership of a group": lambda r, p: r.ask("DELETE", f"/users/{p}/groups/{r.made['post']}"),
    "a role of a group above": lambda r, p: r.ask(
        "DELETE", f"/groups/{r.made['district']}/{_MAPPINGS}", [_role(r, "helper")]
    ),
    "the group": lambda r, p: r.ask("DELETE", f"/groups/{r.made['post']}"),
    "the place of the group": _move_post,
    "the place of the group, to the top": lambda r, p: r.ask(
        "POST", "/groups", {"id": r.made["post"], "name": "police-post"}
    ),
    "the name of the group": lambda r, p: r.ask(
        "PUT", f"/groups/{r.made['post']}", {"name": "renamed"}
    ),
    "an app's role out of a realm role": lambda r, p: r.ask(
        "DELETE", f"/roles/{r.named('police')}/composites", [_app_role(r)]
    ),
    "an app's role out of a realm role by id": lambda r, p: r.ask(
        "DELETE", f"/roles-by-id/{_role(r, 'police')['id']}/composites", [_app_role(r)]
    ),
    "an app's role out of another app's role": _out_of_client_role,
    "the realm role itself": lambda r, p: r.ask("DELETE", f"/roles/{r.named('police')}"),
    "the client role itself": lambda r, p: r.ask(
        "DELETE", f"/clients/{r.made['app']}/roles/handler"
    ),
    "the password": _reset_password,
    "a credential": _delete_credential,
    "the account, disabled": lambda r, p: _change(r, f"/users/{p}", enabled=False),
}


@pytest.mark.parametrize("what", TAKEN_AWAY)
async def test_what_is_taken_away_ends_the_sessions_that_relied_on_it(
    realm: Realm, person: str, channel: BackChannel, what: str
) -> None:
    _prepare_everything(realm, person)
    bridge = Bridge(realm, MemoryStore(system_clock))
    async with bridge.following():
        realm.sign_in("zhangwei")
        (sid,) = realm.sessions(person)
        session = Session(bridge, person, sid)
        assert await session.standing() is Standing.GOOD

        TAKEN_AWAY[what](realm, person)

        assert await session.becomes(Standing.ENDED)

        async def app_was_told_and_keycloak_agrees() -> bool:
            return sid in channel.sids() and not realm.sessions(person)

        in_force = await comes_true(app_was_told_and_keycloak_agrees, IN_FORCE)
        assert in_force, (channel.sids(), sid, realm.sessions(person))


ENDED: dict[str, Act] = {
    "the session deleted": lambda r, p: r.ask("DELETE", f"/sessions/{r.sessions(p)[0]}"),
    "the person signed out": lambda r, p: r.ask("POST", f"/users/{p}/logout"),
    "everybody signed out": lambda r, p: r.ask("POST", "/logout-all"),
    "the account deleted": lambda r, p: r.ask("DELETE", f"/users/{p}"),
    "tokens void before now": lambda r, p: r.ask(
        "PUT", "", {"notBefore": int(datetime.now(UTC).timestamp())}
    ),
}


@pytest.mark.parametrize("what", ENDED)
async def test_what_keycloak_ended_is_over_at_the_bridge(
    realm: Realm, person: str, what: str
) -> None:
    bridge = Bridge(realm, MemoryStore(system_clock))
    async with bridge.following():
        realm.sign_in("zhangwei")
        session = Session(bridge, person, realm.sessions(person)[0])

        ENDED[what](realm, person)

        assert await session.becomes(Standing.ENDED)


async def test_signing_out_oneself_ends_that_session_and_no_other(
    realm: Realm, person: str
) -> None:
    bridge = Bridge(realm, MemoryStore(system_clock))
    async with bridge.following():
        tokens = realm.sign_in("zhangwei")
        sid = str(claims(tokens["id_token"])["sid"])
        realm.sign_in("zhangwei")
        (other,) = set(realm.sessions(person)) - {sid}
        ending, staying = Session(bridge, person, sid), Session(bridge, person, other)

        realm.sign_out(tokens)

        assert await ending.becomes(Standing.ENDED)
        assert await staying.standing() is Standing.GOOD


CHANGED: dict[str, Act] = {
    "a role given": lambda r, p: r.ask("POST", f"/users/{p}/{_MAPPINGS}", [r.role("new")]),
    "a group joined": lambda r, p: r.ask("PUT", f"/users/{p}/groups/{r.group('team')}"),
    "the account edited": lambda r, p: _change(r, f"/users/{p}", firstName="芳"),
    "a role given to a group": lambda r, p: r.ask(
        "POST", f"/groups/{r.group('team')}/{_MAPPINGS}", [r.role("new")]
    ),
    "an app suspended": lambda r, p: _change(r, f"/clients/{r.made['app']}", enabled=False),
    "an app made": lambda r, p: r.client("another"),
    "a claim of an app": lambda r, p: r.make(
        f"/clients/{r.made['app']}/protocol-mappers/models",
        {"name": "n", "protocol": "openid-connect", "protocolMapper": "oidc-full-name-mapper"},
    ),
    "something nobody foresaw": lambda r, p: r.make(
        "/components",
        {
            "name": "another key",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
        },
    ),
}


@pytest.mark.parametrize("what", CHANGED)
async def test_what_is_changed_is_read_again_and_ends_nothing(
    realm: Realm, person: str, what: str
) -> None:
    bridge = Bridge(realm, MemoryStore(system_clock))
    async with bridge.following():
        realm.sign_in("zhangwei")
        (sid,) = realm.sessions(person)
        session = Session(bridge, person, sid)
        assert await session.standing() is Standing.GOOD

        CHANGED[what](realm, person)

        assert await session.becomes(Standing.STALE)
    assert realm.sessions(person) == [sid]


async def test_people_without_the_changed_role_stay_signed_in(realm: Realm, person: str) -> None:
    _prepare_everything(realm, person)
    other = realm.person("lina")
    bridge = Bridge(realm, MemoryStore(system_clock))
    async with bridge.following():
        realm.sign_in("zhangwei")
        realm.sign_in("lina")
        ending = Session(bridge, person, realm.sessions(person)[0])

        TAKEN_AWAY["an app's role out of a realm role"](realm, person)

        assert await ending.becomes(Standing.ENDED)
    assert len(realm.sessions(other)) == 1


async def test_another_copy_takes_over_and_misses_nothing(realm: Realm, person: str) -> None:
    store = MemoryStore(system_clock)
    first, second = Bridge(realm, store), Bridge(realm, store)
    realm.sign_in("zhangwei")
    session = Session(second, person, realm.sessions(person)[0])
    assert await first.follower.step()
    assert await second.follower.step()
    assert not second.follower.leads

    # The first copy dies without a word; then something happens that nobody watches.
    realm.ask("DELETE", f"/sessions/{realm.sessions(person)[0]}")
    took_over = asyncio.get_running_loop().time()
    async with second.following():

        async def ended() -> bool:
            return second.follower.leads and await session.standing() is Standing.ENDED

        assert await comes_true(ended, 10)
    assert asyncio.get_running_loop().time() - took_over < 10
    await first.api.close()


async def test_one_event_is_put_in_force_once(realm: Realm, person: str) -> None:
    bridge = Bridge(realm, MemoryStore(system_clock))
    assert await bridge.follower.step()
    before = Session(bridge, person)
    _reset_password(realm, person)
    assert await bridge.follower.step()
    after = Session(bridge, person)
    for _ in range(3):
        assert await bridge.follower.step()

    assert await before.standing() is Standing.ENDED
    assert await after.standing() is not Standing.ENDED
    await bridge.api.close()


async def test_events_switched_off_mean_live_reads_and_an_alert(realm: Realm, person: str) -> None:
    bridge = Bridge(realm, MemoryStore(system_clock))
    on = {"adminEventsEnabled": True, "adminEventsDetailsEnabled": True, "eventsEnabled": True}
    async with bridge.following():
        session = Session(bridge, person)
        try:
            realm.ask("PUT", "/events/config", on | {"adminEventsEnabled": False})
            assert await comes_true(bridge.is_not_followed, 4)
            assert await session.standing() is Standing.STALE
            assert [e.detail["reason"] for e in bridge.audit.events] == ["events_off"]
        finally:
            realm.ask("PUT", "/events/config", on)
        assert await comes_true(bridge.is_followed, 4)
        assert await session.standing() is Standing.STALE


@pytest.mark.parametrize("which", ["/admin-events", "/events"])
async def test_events_cleared_mean_that_all_is_read_again_and_an_alert(
    realm: Realm, person: str, which: str
) -> None:
    bridge = Bridge(realm, MemoryStore(system_clock))
    realm.sign_out(realm.sign_in("zhangwei"))
    async with bridge.following():
        session = Session(bridge, person)
        realm.ask("DELETE", which)

        assert await session.becomes(Standing.STALE)
        assert [e.detail["reason"] for e in bridge.audit.events] == ["events_cleared"]

        again = Session(bridge, person)
        realm.ask("POST", f"/users/{person}/logout")
        assert await again.becomes(Standing.ENDED)


async def test_a_thousand_events_at_once_are_read_to_the_last(realm: Realm, person: str) -> None:
    bridge = Bridge(realm, MemoryStore(system_clock))
    role = realm.role("new")
    assert await bridge.follower.step()
    session = Session(bridge, person)
    for _ in range(300):
        realm.ask("POST", f"/users/{person}/{_MAPPINGS}", [role])
        realm.ask("PUT", f"/users/{person}", {"firstName": "芳"})
    realm.ask("POST", f"/users/{person}/logout")
    assert await bridge.follower.step()
    assert await session.standing() is Standing.ENDED
    await bridge.api.close()
