"""Demo people: made once, and from then on the administrator's.

Somebody who exists is never touched again, whatever the file says. People of LDAP exist there
already; asking for one by name has Keycloak take the person in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp_bridge.keycloak.provisioning.items import by
from idp_bridge.keycloak.provisioning.organisation import group_at
from idp_bridge.keycloak.provisioning.reconcile import Line, Memory, Verb
from idp_bridge.keycloak.provisioning.rest import AdminApi, AdminApiError, Document, part
from idp_bridge.keycloak.provisioning.sources import Person


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a demo person proves: a password, and a base32 TOTP secret where one is set up."""

    password: str
    totp: str = ""

    @classmethod
    def parse(cls, entry: Any) -> "Secrets":
        if isinstance(entry, Mapping):
            return cls(str(entry["password"]), str(entry.get("totp", "")))
        return cls(str(entry))


def set_up(
    api: AdminApi, person: Person, secrets: Secrets, memory: Memory, *, apply: bool
) -> list[Line]:
    """Make one person, unless provisioning has made them before."""
    item = f"person {person.username}"
    if memory.of(item) is not None:
        return []
    base = f"/realms/{person.realm}"
    if (_find(api, base, person.username) is None) is person.ldap:
        # Somebody who is there already is not ours; somebody whom LDAP lacks comes another time.
        return []
    if apply:
        _make(api, base, person, secrets)
        memory.remember(item, {})
    return [Line(Verb.CREATE, item)]


def _find(api: AdminApi, base: str, username: str) -> Document | None:
    found = api.get(f"{base}/users?exact=true&username={part(username)}")
    return by(found, "username", username)


def _make(api: AdminApi, base: str, person: Person, secrets: Secrets) -> None:
    if not person.ldap:
        api.post(f"{base}/users", _representation(person, secrets))
    user = _find(api, base, person.username)
    if user is None:
        raise AdminApiError(f"Keycloak lost {person.username} again")
    at = f"{base}/users/{user['id']}"
    if person.ldap and secrets.totp:
        api.put(at, user | {"credentials": [_totp(secrets.totp)]})
    for post in person.groups:
        group = group_at(api, base, post)
        if group is not None:
            api.put(f"{at}/groups/{group['id']}")
    roles = [] if person.ldap else person.roles
    held = [api.get(f"{base}/roles/{part(role)}") for role in roles]
    if held:
        api.post(f"{at}/role-mappings/realm", held)
    if person.realm == "residents":
        link = {"identityProvider": "qr", "userId": user["id"], "userName": person.username}
        api.post(f"{at}/federated-identity/qr", link)


def _representation(person: Person, secrets: Secrets) -> Document:
    credentials = [{"type": "password", "value": secrets.password, "temporary": False}]
    if secrets.totp:
        credentials.append(_totp(secrets.totp))
    return {
        "username": person.username,
        "firstName": person.given_name,
        "lastName": person.family_name,
        "attributes": {"display_name": [person.name]},
        "enabled": True,
        "credentials": credentials,
    }


def _totp(secret: str) -> Document:
    settings = {
        "subType": "totp",
        "digits": 6,
        "counter": 0,
        "period": 30,
        "algorithm": "HmacSHA1",
        "secretEncoding": "BASE32",
    }
    return {
        "type": "otp",
        "userLabel": "TOTP",
        "secretData": json.dumps({"value": secret}),
        "credentialData": json.dumps(settings),
    }
