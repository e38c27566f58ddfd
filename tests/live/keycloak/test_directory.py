"""Who somebody is and where they are signed in, asked of a real Keycloak."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from idp_bridge.core.accounts import Account
from idp_bridge.core.clock import system_clock
from idp_bridge.core.errors import Conflict, NotFound, Unavailable
from idp_bridge.core.revocations import RIGHTS_LIVE, Revocations, Standing
from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.apps import KeycloakApps
from idp_bridge.keycloak.directory import KeycloakAccounts
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.sealing import AesSealer
from tests.live.keycloak.calls import BackChannel
from tests.live.keycloak.following import Bridge, Session
from tests.live.keycloak.throwaway import Realm

SEALER = AesSealer("k" * 32)
NOBODY = "00000000-0000-4000-8000-000000000000"
ELSEWHERE = ("", ".", "..", "../../master/users/x", "a/b", "a?b", "a#b", "a%2fb", "ａ", "a" * 300)


@pytest.fixture
async def bridge(realm: Realm) -> AsyncIterator[Bridge]:
    bridge = Bridge(realm, MemoryStore(system_clock))
    yield bridge
    await bridge.api.close()


@pytest.fixture
def accounts(bridge: Bridge) -> KeycloakAccounts:
    return bridge.accounts


async def _found(accounts: KeycloakAccounts, realm: Realm, person: str) -> Account:
    account = await accounts.find(realm.name, person)
    assert account is not None
    return account


async def test_roles_are_those_held_through_groups_and_composites_too(
    accounts: KeycloakAccounts, realm: Realm, person: str
) -> None:
    outer, inner = realm.role("police"), realm.role("worker")
    group = realm.group("post", realm.group("district"))
    realm.ask("POST", f"/roles/{realm.named('police')}/composites", [inner])
    realm.ask("POST", f"/groups/{group}/role-mappings/realm", [outer])
    assert not (await _found(accounts, realm, person)).roles & {outer["name"], inner["name"]}

    realm.ask("PUT", f"/users/{person}/groups/{group}")

    account = await _found(accounts, realm, person)
    assert {outer["name"], inner["name"]} <= account.roles
    assert (account.username, account.name) == (realm.named("zhangwei"), "张伟")
    assert account.enabled
    assert not account.is_administrator


async def test_whoever_manages_the_realm_is_an_administrator_however_they_came_by_it(
    accounts: KeycloakAccounts, realm: Realm, person: str
) -> None:
    manage = realm.get("/clients?clientId=realm-management")[0]["id"]
    wide, narrow = realm.role("wide"), realm.get(f"/clients/{manage}/roles/view-users")
    realm.ask("POST", f"/roles/{wide['name']}/composites", [narrow])
    group = realm.group("managers")
    realm.ask("POST", f"/groups/{group}/role-mappings/realm", [wide])
    realm.ask("PUT", f"/users/{person}/groups/{group}")

    assert (await _found(accounts, realm, person)).is_administrator


async def test_a_disabled_account_is_found_as_disabled(
    accounts: KeycloakAccounts, realm: Realm, person: str
) -> None:
    realm.ask("PUT", f"/users/{person}", realm.get(f"/users/{person}") | {"enabled": False})

    assert not (await _found(accounts, realm, person)).enabled


@pytest.mark.parametrize("subject", [NOBODY, *ELSEWHERE])
async def test_what_is_no_account_is_nobody(
    accounts: KeycloakAccounts, realm: Realm, subject: str
) -> None:
    assert await accounts.find(realm.name, subject) is None
    assert await accounts.sessions(realm.name, subject) == ()
    assert not await accounts.has_credential(realm.name, subject)
    await accounts.end_sessions(realm.name, subject)
    await accounts.end_session(realm.name, subject)
    with pytest.raises(NotFound):
        await accounts.link(realm.name, subject, "qr")
    with pytest.raises(NotFound):
        await accounts.require_action(realm.name, subject, "UPDATE_PASSWORD")


async def test_a_username_is_found_whole_in_any_case(
    accounts: KeycloakAccounts, realm: Realm, person: str
) -> None:
    name = realm.named("zhangwei")
    for spelling in (name, name.upper(), f" {name} "):
        found = await accounts.find_by_username(realm.name, spelling)
        assert found is not None
        assert found.subject == person
    for other in ("zhangwei", "", "*", f"{name}%", "zhang*", name[:-1]):
        assert await accounts.find_by_username(realm.name, other) is None


async def test_sessions_tell_where_somebody_is_signed_in(
    accounts: KeycloakAccounts, realm: Realm, person: str
) -> None:
    realm.client("second")
    realm.sign_in("zhangwei")
    realm.sign_in("zhangwei", "second")

    newest, oldest = await accounts.sessions(realm.name, person)

    assert {newest.clients, oldest.clients} == {
        (realm.named("app"),),
        (realm.named("second"),),
    }
    assert newest.started >= oldest.started
    assert newest.network in ("127.0.0.0/24", "::/48")
    assert newest.bridge_sid == ""


async def test_ending_one_session_leaves_the_others_and_tells_the_app(
    bridge: Bridge, realm: Realm, person: str, channel: BackChannel
) -> None:
    realm.sign_in("zhangwei")
    realm.sign_in("zhangwei")
    ending, staying = (s.id for s in await bridge.accounts.sessions(realm.name, person))
    session = Session(bridge, person, ending)

    await bridge.accounts.end_session(realm.name, ending)

    assert realm.sessions(person) == [staying]
    assert channel.sids() == [ending]
    assert await session.standing() is Standing.ENDED
    await bridge.accounts.end_session(realm.name, ending)


async def test_ending_all_sessions_ends_them_here_and_there(
    bridge: Bridge, realm: Realm, person: str, channel: BackChannel
) -> None:
    realm.sign_in("zhangwei")
    realm.sign_in("zhangwei")
    both = set(realm.sessions(person))
    session = Session(bridge, person)

    await bridge.accounts.end_sessions(realm.name, person)

    assert realm.sessions(person) == []
    assert set(channel.sids()) == both
    assert await session.standing() is Standing.ENDED
    assert await Session(bridge, person).standing() is not Standing.ENDED


def _make_way_in(realm: Realm, alias: str) -> None:
    config = {
        "clientId": "x",
        "clientSecret": "y",
        "authorizationUrl": "https://op.example/authorize",
        "tokenUrl": "https://op.example/token",
    }
    body = {"alias": alias, "providerId": "oidc", "enabled": True, "config": config}
    realm.ask("POST", "/identity-provider/instances", body)


async def test_an_account_is_linked_under_its_own_id_and_never_otherwise(
    accounts: KeycloakAccounts, realm: Realm, person: str
) -> None:
    qr = realm.named("qr")
    _make_way_in(realm, qr)
    assert not await accounts.is_linked(realm.name, person, qr)

    await accounts.link(realm.name, person, qr)
    await accounts.link(realm.name, person, qr)

    assert await accounts.is_linked(realm.name, person, qr)
    links = realm.get(f"/users/{person}/federated-identity")
    assert [(row["identityProvider"], row["userId"]) for row in links] == [(qr, person)]

    other = realm.person("lina")
    stolen = {"identityProvider": qr, "userId": "somebody", "userName": "somebody"}
    realm.ask("POST", f"/users/{other}/federated-identity/{qr}", stolen)
    assert not await accounts.is_linked(realm.name, other, qr)
    with pytest.raises(Conflict):
        await accounts.link(realm.name, other, qr)


async def test_a_required_action_is_added_once_and_changes_nothing_else(
    accounts: KeycloakAccounts, realm: Realm, person: str
) -> None:
    before = realm.get(f"/users/{person}")
    for action in ("UPDATE_PASSWORD", "webauthn-register-passwordless", "UPDATE_PASSWORD"):
        await accounts.require_action(realm.name, person, action)

    after = realm.get(f"/users/{person}")
    assert sorted(after["requiredActions"]) == [
        "UPDATE_PASSWORD",
        "webauthn-register-passwordless",
    ]
    assert after | {"requiredActions": []} == before | {"requiredActions": []}


async def test_whether_somebody_has_a_credential(
    accounts: KeycloakAccounts, realm: Realm, person: str
) -> None:
    bare = realm.person("lina", credentials=[])

    assert await accounts.has_credential(realm.name, person)
    assert not await accounts.has_credential(realm.name, bare)


@pytest.mark.parametrize("fault", ["nobody listens", "wrong secret", "no such realm"])
async def test_a_keycloak_that_does_not_answer_is_unavailable(realm: Realm, fault: str) -> None:
    url = "http://127.0.0.1:9" if fault == "nobody listens" else realm.keycloak
    name = "nowhere" if fault == "no such realm" else realm.name
    secret = "wrong" if fault == "wrong secret" else realm.bridge_secret
    api = AdminApi(url, name, secret)
    accounts = KeycloakAccounts({name: api}, Revocations(MemoryStore(system_clock), system_clock))

    with pytest.raises(Unavailable):
        await accounts.find(name, NOBODY)
    await api.close()


async def test_a_spent_token_is_renewed_without_a_word(
    accounts: KeycloakAccounts, bridge: Bridge, realm: Realm, person: str
) -> None:
    assert await accounts.find(realm.name, person)
    bridge.api.admin.connection.token = {"access_token": "spent", "expires_in": 300}

    assert await accounts.find(realm.name, person)


def _register(realm: Realm) -> str:
    said = {
        "bridge.app": "true",
        "bridge.name.zh": "法律援助",
        "bridge.name.en": "Legal aid",
        "bridge.url": "https://aid.example/",
        "bridge.protocol": "openid-connect",
        "bridge.group": "find-a-service",
    }
    client = realm.client("legal-aid", attributes=said)
    realm.client_role(client, "applicant")
    return client


async def test_apps_are_the_registered_clients_and_follow_a_change(
    bridge: Bridge, realm: Realm
) -> None:
    store = MemoryStore(system_clock)
    following = Bridge(realm, store)
    apps = KeycloakApps(
        {realm.name: following.api}, store, following.revocations, system_clock, SEALER
    )
    client = _register(realm)
    mine = realm.named("legal-aid")

    async def mine_now() -> dict[str, Any]:
        found = {app.client_id: app for app in await apps.of(realm.name)}
        assert set(found) <= {mine} | {c["clientId"] for c in realm.get("/clients")}
        app = found[mine]
        return {"name": app.names["zh"], "enabled": app.enabled, "roles": app.roles}

    assert await following.follower.step()
    assert await mine_now() == {"name": "法律援助", "enabled": True, "roles": {"applicant"}}
    assert await mine_now() == {"name": "法律援助", "enabled": True, "roles": {"applicant"}}

    realm.ask("PUT", f"/clients/{client}", realm.get(f"/clients/{client}") | {"enabled": False})
    assert await following.follower.step()
    assert not (await mine_now())["enabled"]
    await following.api.close()


async def test_a_kept_list_of_apps_is_not_believed_while_nobody_follows(
    realm: Realm, bridge: Bridge
) -> None:
    store = MemoryStore(system_clock)
    apps = KeycloakApps({realm.name: bridge.api}, store, bridge.revocations, system_clock, SEALER)
    client = _register(realm)
    assert realm.named("legal-aid") in {app.client_id for app in await apps.of(realm.name)}

    realm.ask("DELETE", f"/clients/{client}")

    assert realm.named("legal-aid") not in {app.client_id for app in await apps.of(realm.name)}


async def test_what_is_kept_of_apps_is_sealed_and_nothing_else_is_believed(realm: Realm) -> None:
    """Settings hold the secrets of ticket apps; whoever writes to Redis must not add an address."""
    store = MemoryStore(system_clock)
    following = Bridge(realm, store)
    apps = KeycloakApps(
        {realm.name: following.api}, store, following.revocations, system_clock, SEALER
    )
    _register(realm)
    assert await following.follower.step()
    known = await apps.of(realm.name)

    kept = await store.get(f"apps:{realm.name}")
    assert kept is not None
    assert b"legal-aid" not in kept
    await store.put(f"apps:{realm.name}", b'{"read_at": 9999999999, "apps": []}', RIGHTS_LIVE)
    assert await apps.of(realm.name) == known
    await following.api.close()


async def test_many_who_ask_at_once_get_one_reading(realm: Realm) -> None:
    store = MemoryStore(system_clock)
    following = Bridge(realm, store)
    _register(realm)
    asked: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request)

    following.api.admin.connection.async_s.event_hooks["request"].append(note)
    apps = KeycloakApps(
        {realm.name: following.api}, store, following.revocations, system_clock, SEALER
    )
    assert await following.follower.step()
    asked.clear()

    await asyncio.gather(*(apps.of(realm.name) for _ in range(20)))

    assert sum(request.url.path.endswith("/clients") for request in asked) == 1
    await following.api.close()
