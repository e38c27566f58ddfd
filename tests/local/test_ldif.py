"""The demo directory as LDIF."""

import base64

from idp_bridge.local.ldif import directory

CHEN = {
    "username": "chenjing",
    "name": "陈静",
    "given_name": "静",
    "family_name": "陈",
    "ldap": True,
    "roles": ["police"],
}
RESIDENT = {**CHEN, "username": "zhangwei", "ldap": False}


def made() -> str:
    return directory([CHEN, RESIDENT], {"chenjing": "kite", "zhangwei": "x"}, "reader")


def test_only_people_of_ldap_are_in_the_directory() -> None:
    assert "uid=chenjing,ou=people,dc=baoan,dc=example" in made()
    assert "zhangwei" not in made()


def test_names_that_are_not_ascii_are_written_in_base64() -> None:
    assert f"cn:: {base64.b64encode('陈静'.encode()).decode()}" in made()


def test_a_role_is_a_group_of_those_who_hold_it() -> None:
    assert "dn: cn=police,ou=groups,dc=baoan,dc=example" in made()
    assert "member: uid=chenjing,ou=people,dc=baoan,dc=example" in made()


def test_identities_stay_the_same_from_one_directory_to_the_next() -> None:
    def identities() -> list[str]:
        return [line for line in made().splitlines() if line.startswith("entryUUID")]

    assert identities() == identities()
    assert len(set(identities())) == made().count("dn: ")
