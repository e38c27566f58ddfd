"""The demo directory as LDIF (RFC 2849): workers as inetOrgPerson, roles as groupOfNames.

Every entry has a fixed ``entryUUID``: Keycloak knows LDAP people by it and loses their links when
it changes.
"""

import base64
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

BASE = "dc=baoan,dc=example"
ADMIN = f"cn=admin,{BASE}"
READER = f"cn=keycloak,{BASE}"
PEOPLE = f"ou=people,{BASE}"
ROLES = f"ou=groups,{BASE}"

Attributes = Sequence[tuple[str, str]]


def directory(
    people: Iterable[Mapping[str, Any]], passwords: Mapping[str, str], reader_password: str
) -> str:
    """The whole tree: the people with ``ldap: true`` and one group for each role they hold."""
    members = [person for person in people if person.get("ldap")]
    entries = [*_frame(reader_password)]
    entries += [_person(person, passwords[person["username"]]) for person in members]
    entries += list(_roles(members))
    return "\n".join(_entry(dn, attributes) for dn, attributes in entries)


def _frame(reader_password: str) -> Iterator[tuple[str, Attributes]]:
    yield (
        BASE,
        [
            ("objectClass", "top"),
            ("objectClass", "dcObject"),
            ("objectClass", "organization"),
            ("o", "Baoan"),
            ("dc", "baoan"),
        ],
    )
    for dn in (PEOPLE, ROLES):
        name = dn.split(",")[0].removeprefix("ou=")
        yield dn, [("objectClass", "organizationalUnit"), ("ou", name)]
    service = [("objectClass", "organizationalRole"), ("objectClass", "simpleSecurityObject")]
    yield READER, [*service, ("cn", "keycloak"), ("userPassword", reader_password)]


def _person(person: Mapping[str, Any], password: str) -> tuple[str, Attributes]:
    attributes = [
        ("objectClass", "inetOrgPerson"),
        ("uid", person["username"]),
        ("cn", person["name"]),
        ("sn", person["family_name"]),
        ("givenName", person["given_name"]),
        ("userPassword", password),
    ]
    if mobile := person.get("mobile"):
        attributes.append(("mobile", str(mobile)))
    return person_dn(person["username"]), attributes


def person_dn(username: str) -> str:
    return f"uid={username},{PEOPLE}"


def _roles(members: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Attributes]]:
    for role in sorted({role for person in members for role in person.get("roles", ())}):
        holders = [person_dn(p["username"]) for p in members if role in p.get("roles", ())]
        yield (
            f"cn={role},{ROLES}",
            [
                ("objectClass", "groupOfNames"),
                ("cn", role),
                *(("member", dn) for dn in holders),
            ],
        )


def _entry(dn: str, attributes: Attributes) -> str:
    identity = ("entryUUID", str(uuid.uuid5(uuid.NAMESPACE_X500, dn)))
    lines = [_line("dn", dn), *(_line(name, value) for name, value in (*attributes, identity))]
    return "\n".join(lines) + "\n"


def _line(name: str, value: str) -> str:
    """Anything but plain ASCII goes in base64 (RFC 2849, 2)."""
    if value.isascii() and value.isprintable() and value[:1] not in (" ", ":", "<"):
        return f"{name}: {value}"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"
