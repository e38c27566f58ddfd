"""People at Keycloak who exist for one admission check, and what tokens would tell an app of them.

Whoever was made is marked with the app's name, so that also a check that was killed leaves nobody
behind: the next one removes them first.
"""

import asyncio
import base64
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from keycloak.exceptions import KeycloakError

from idp_bridge.core.admission import CheckPerson, Roles
from idp_bridge.core.errors import Unavailable
from idp_bridge.keycloak.admin import AdminApi

_TRIES = 3
_FOLLOWED = timedelta(seconds=2.5)
_MARK = "bridge_check"
# The one unit and post of such people stay for good: when a group goes, nobody knows any more who
# was in it, and everybody's sessions in apps have to end.
_UNIT, _POST = "admission-check", "post"
_TOKENS = {
    "id": "generate-example-id-token",
    "access": "generate-example-access-token",
    "userinfo": "generate-example-userinfo",
}


class KeycloakCheckPeople:
    """``CheckPeople`` for one app, over the Admin API of each realm."""

    def __init__(self, apis: Mapping[str, AdminApi], app: str) -> None:
        self._apis = apis
        self._app = app

    async def make(self, realm: str, roles: Roles, *, second_factor: bool) -> CheckPerson:
        api = self._apis[realm]
        person = self._somebody(realm, second_factor=second_factor)
        await _send(api, "post", "users", _representation(person, self._app))
        [found] = await api.list("users", username=person.username, exact="true")
        await _take_default_roles(api, found["id"])
        await _give_post(api, found["id"])
        for client_id, role in roles:
            await _give_role(api, found["id"], client_id, role)
        return _with_account(person, found["id"])

    async def settle(self) -> None:
        # Taking a role ends sessions, as soon as a follower has read of it.
        await asyncio.sleep(_FOLLOWED.total_seconds())

    async def end_sessions(self, person: CheckPerson) -> None:
        await _send(self._apis[person.realm], "post", f"users/{person.account}/logout", {})

    async def clear(self) -> None:
        for again in reversed(range(_TRIES)):
            try:
                await self._clear()
                return
            except Unavailable:
                if not again:
                    raise

    async def _clear(self) -> None:
        for api in self._apis.values():
            for person in await api.list("users", q=f"{_MARK}:{self._app}", max=500):
                await _send(api, "delete", f"users/{person['id']}")

    def _somebody(self, realm: str, *, second_factor: bool) -> CheckPerson:
        mark = secrets.token_hex(5)
        return CheckPerson(
            realm=realm,
            account="",
            username=f"check-{mark}",
            password=secrets.token_urlsafe(24),
            totp=base64.b32encode(secrets.token_bytes(20)).decode() if second_factor else "",
            name=f"准入检查{mark}",
            phone=f"199{secrets.randbelow(10**8):08d}",
            email=f"check-{mark}@check.invalid",
            post=f"/{_UNIT}/{_POST}",
        )


class KeycloakAppTokens:
    """``AppTokens``: Keycloak evaluates its own mappers, no token is issued."""

    def __init__(self, apis: Mapping[str, AdminApi]) -> None:
        self._apis = apis

    async def of(self, realm: str, client_id: str, account: str) -> Mapping[str, Mapping[str, Any]]:
        api = self._apis[realm]
        [client] = await api.list("clients", clientId=client_id)
        path = f"clients/{client['id']}/evaluate-scopes"
        # An app may ask for more than its default scopes: what those release counts.
        asked = " ".join(["openid", *(client.get("optionalClientScopes") or ())])
        return {
            kind: await _example(api, f"{path}/{example}", userId=account, scope=asked)
            for kind, example in _TOKENS.items()
        }

    async def of_machine(self, realm: str, client_id: str) -> Mapping[str, Any] | None:
        api = self._apis[realm]
        found = await api.list("clients", clientId=client_id)
        if not found:
            return None
        path = f"clients/{found[0]['id']}"
        account = await api.document(f"{path}/service-account-user")
        if not account:
            return None
        example = f"{path}/evaluate-scopes/{_TOKENS['access']}"
        return await _example(api, example, userId=account["id"], scope="openid")


async def _example(api: AdminApi, path: str, **query: str) -> Mapping[str, Any]:
    async with api.asking() as admin:
        answer = await admin.connection.a_raw_get(f"admin/realms/{api.realm}/{path}", **query)
    if answer.status_code != 200:
        raise Unavailable(f"keycloak {api.realm}: answered {answer.status_code}")
    claims: Mapping[str, Any] = answer.json()
    return claims


def _representation(person: CheckPerson, app: str) -> dict[str, Any]:
    credentials = [{"type": "password", "value": person.password, "temporary": False}]
    if person.totp:
        credentials.append(_totp(person.totp))
    return {
        "username": person.username,
        "email": person.email,
        "emailVerified": True,
        "firstName": person.name[-5:],
        "lastName": person.name[:4],
        "attributes": {
            "display_name": [person.name],
            "phone": [person.phone],
            _MARK: [app],
        },
        "enabled": True,
        "credentials": credentials,
    }


def _totp(secret: str) -> dict[str, Any]:
    settings = {"subType": "totp", "digits": 6, "counter": 0, "period": 30}
    settings |= {"algorithm": "HmacSHA1", "secretEncoding": "BASE32"}
    return {
        "type": "otp",
        "userLabel": "TOTP",
        "secretData": json.dumps({"value": secret}),
        "credentialData": json.dumps(settings),
    }


def _with_account(person: CheckPerson, account: str) -> CheckPerson:
    facts = {name: getattr(person, name) for name in CheckPerson.__dataclass_fields__}
    return CheckPerson(**{**facts, "account": account})


async def _take_default_roles(api: AdminApi, account: str) -> None:
    """What everybody has by default gives apps, too; these people have what the check says."""
    path = f"users/{account}/role-mappings/realm"
    if held := await api.list(path):
        await _send(api, "delete", path, held)


async def _give_post(api: AdminApi, account: str) -> None:
    """A post of a unit that nobody else is in, and that gives nothing."""
    path = f"group-by-path/{_UNIT}/{_POST}"
    if not (group := await api.document(path)):
        await _send(api, "post", "groups", {"name": _UNIT})
        unit = await api.document(f"group-by-path/{_UNIT}")
        await _send(api, "post", f"groups/{unit['id']}/children", {"name": _POST})
        group = await api.document(path)
    await _send(api, "put", f"users/{account}/groups/{group['id']}", {})


async def _give_role(api: AdminApi, account: str, client_id: str, role: str) -> None:
    [client] = await api.list("clients", clientId=client_id)
    found = await api.document(f"clients/{client['id']}/roles/{quote(role, safe='')}")
    await _send(api, "post", f"users/{account}/role-mappings/clients/{client['id']}", [found])


async def _send(api: AdminApi, verb: str, path: str, body: Any = None) -> None:
    async with api.asking() as admin:
        call = getattr(admin.connection, f"a_raw_{verb}")
        try:
            answer = await call(f"admin/realms/{api.realm}/{path}", data=json.dumps(body))
        except KeycloakError as error:
            raise Unavailable(f"keycloak {api.realm}: {type(error).__name__}") from error
    if answer.status_code >= 400 and answer.status_code != 404:
        raise Unavailable(f"keycloak {api.realm}: {verb} answered {answer.status_code}")
