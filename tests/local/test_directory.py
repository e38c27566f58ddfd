"""Both LDAP servers of a stack, each as Keycloak and the bridge meet it."""

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ldap3 import MODIFY_REPLACE, Connection, Server

from idp_bridge.local.artifacts import UNBOUNDID, obtain
from idp_bridge.local.directory import (
    in_memory_program,
    prepare_slapd,
    seed,
    slapd_program,
)
from idp_bridge.local.folder import Folder
from idp_bridge.local.ldif import ADMIN, BASE, READER, directory, person_dn
from idp_bridge.local.leftovers import Leftovers
from idp_bridge.local.supervisor import Program, Supervisor

CHEN = {
    "username": "chenjing",
    "name": "陈静",
    "given_name": "静",
    "family_name": "陈",
    "ldap": True,
    "roles": ["police"],
}
LDIF = directory([CHEN], {"chenjing": "kite-river-42"}, "the-reader")


@contextlib.asynccontextmanager
async def running(folder: Folder, program: Program) -> AsyncIterator[None]:
    supervisor = Supervisor(Leftovers(folder))
    try:
        await supervisor.start(program)
        yield
    finally:
        await supervisor.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def made(kind: str, folder: Folder, port: int) -> Program:
    seed(folder, LDIF)
    if kind == "slapd":
        assert prepare_slapd(folder, "the-admin"), folder.log("ldap").read_text()
        return slapd_program(folder, port)
    return in_memory_program(folder, port, "the-admin", obtain(UNBOUNDID, no_progress, print))


def no_progress(name: str) -> contextlib.AbstractContextManager[object]:
    return contextlib.nullcontext(lambda done, total: None)


def bound(port: int, dn: str | None = None, password: str | None = None) -> Connection:
    connection = Connection(Server("127.0.0.1", port), dn, password, receive_timeout=20)
    connection.bind()
    return connection


@pytest.fixture(params=["slapd", "in-memory"])
async def port(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[int]:
    folder, chosen = Folder.at(tmp_path), free_port()
    async with running(folder, made(request.param, folder, chosen)):
        yield chosen


async def test_people_prove_their_passwords(port: int) -> None:
    assert bound(port, person_dn("chenjing"), "kite-river-42").bound
    assert not bound(port, person_dn("chenjing"), "kite-river-43").bound


async def test_keycloak_finds_people_by_their_fixed_identity_and_roles_by_members(
    port: int,
) -> None:
    reader = bound(port, READER, "the-reader")

    reader.search(BASE, "(uid=chenjing)", attributes=["cn", "givenName", "entryUUID"])
    (person,) = reader.entries
    reader.search(BASE, f"(member={person_dn('chenjing')})", attributes=["cn"])
    (role,) = reader.entries

    assert (person.cn.value, person.givenName.value) == ("陈静", "静")
    assert str(person.entryUUID.value).strip("{}") in LDIF
    assert role.cn.value == "police"


async def test_strangers_read_nothing(port: int) -> None:
    stranger = bound(port)
    stranger.search(BASE, "(objectClass=*)")

    assert not stranger.entries


async def test_changes_in_slapd_are_there_after_a_restart(tmp_path: Path) -> None:
    folder, port = Folder.at(tmp_path), free_port()
    async with running(folder, made("slapd", folder, port)):
        change = {"userPassword": [(MODIFY_REPLACE, ["new-password-7"])]}
        assert bound(port, ADMIN, "the-admin").modify(person_dn("chenjing"), change)

    async with running(folder, made("slapd", folder, port)):
        assert bound(port, person_dn("chenjing"), "new-password-7").bound
