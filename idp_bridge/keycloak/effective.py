"""The links of roles in one realm at Keycloak, read as one question needs them and no further.

An object answers one question: what it has read it does not read again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from idp_bridge.core.names import full_name
from idp_bridge.core.role_links import Effective, Holder, Person, Role, by_group, by_person
from idp_bridge.keycloak.admin import AdminApi, is_id

_AT_ONCE = 8


def effective(api: AdminApi) -> Effective:
    """For one question about the realm of ``api``."""
    return Effective(KeycloakRoleLinks(api))


class KeycloakRoleLinks:
    """``RoleLinks`` over the Admin API, for one question."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api
        self._clients: dict[str, str] | None = None
        self._composites: dict[Role, frozenset[Role]] | None = None
        self._held: dict[Role, frozenset[Holder]] = {}
        self._ids: dict[Role, str] = {}
        self._groups: dict[str, str] = {}
        self._members: dict[str, frozenset[str]] = {}
        self._people: dict[str, Person | None] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def composites(self) -> Mapping[Role, frozenset[Role]]:
        if self._composites is None:
            names = {uuid: client_id for client_id, uuid in (await self.clients()).items()}
            rows = [("", row) for row in await self._api.list("roles")]
            own = await asyncio.gather(*(self._roles_of(uuid) for uuid in names))
            for uuid, roles in zip(names, own, strict=True):
                rows += [(names[uuid], row) for row in roles]
            composite = [(client_id, row) for client_id, row in rows if row.get("composite")]
            carried = await asyncio.gather(*(self._carried(row["id"]) for _, row in composite))
            self._ids = {Role(client_id, row["name"]): row["id"] for client_id, row in rows}
            self._composites = {
                Role(client_id, row["name"]): frozenset(_role(one, names) for one in roles)
                for (client_id, row), roles in zip(composite, carried, strict=True)
            }
        return self._composites

    async def knows(self, role: Role) -> bool:
        return bool(await self.role_id(role))

    async def holders(self, role: Role) -> frozenset[Holder]:
        if role not in self._held:
            path = await self._path(role)
            self._held[role] = await self._holders(path) if path else frozenset()
        return self._held[role]

    async def members(self, group: str) -> frozenset[str]:
        if group not in self._members:
            found: set[str] = set()
            waiting = [await self.group(group)]
            while waiting:
                here = waiting.pop()
                if here is None:
                    continue
                async for row in self._api.pages(f"groups/{here}/members"):
                    found.add(self._met(row))
                async for row in self._api.pages(f"groups/{here}/children"):
                    waiting.append(row["id"])
            self._members[group] = frozenset(found)
        return self._members[group]

    async def people(self, accounts: Iterable[str]) -> tuple[Person, ...]:
        found = await asyncio.gather(*(self._person(account) for account in set(accounts)))
        return tuple(sorted((p for p in found if p), key=lambda person: person.username))

    async def clients(self) -> Mapping[str, str]:
        """Keycloak's own ids of clients by ``client_id``."""
        if self._clients is None:
            rows = await self._api.list("clients")
            self._clients = {row["clientId"]: row["id"] for row in rows}
        return self._clients

    async def role_id(self, role: Role) -> str:
        """Keycloak's own id of ``role``; empty where there is no such role."""
        await self.composites()
        return self._ids.get(role, "")

    async def groups_with(self, role: Role) -> tuple[str, ...]:
        """Paths of the groups that give ``role``, without reading its people."""
        path = await self._path(role)
        return tuple([group async for group in self._groups_at(path)]) if path else ()

    async def _roles_of(self, uuid: str) -> list[dict[str, Any]]:
        async with self._turns:
            return await self._api.list(f"clients/{uuid}/roles")

    async def _carried(self, role_id: str) -> list[dict[str, Any]]:
        async with self._turns:
            return await self._api.list(f"roles-by-id/{role_id}/composites")

    async def _path(self, role: Role) -> str | None:
        # A name of dots would leave its place in the address.
        if not role.name.strip("."):
            return None
        name = quote(role.name, safe="")
        if not role.client_id:
            return f"roles/{name}"
        uuid = (await self.clients()).get(role.client_id)
        return f"clients/{uuid}/roles/{name}" if uuid else None

    async def _holders(self, path: str) -> frozenset[Holder]:
        found: set[Holder] = set()
        async for row in self._api.pages(f"{path}/users"):
            found.add(by_person(self._met(row)))
        async for group in self._groups_at(path):
            found.add(by_group(group))
        return frozenset(found)

    async def _groups_at(self, path: str) -> AsyncIterator[str]:
        async for row in self._api.pages(f"{path}/groups"):
            self._groups[row["path"]] = row["id"]
            yield row["path"]

    async def group(self, path: str) -> str | None:
        """Keycloak's own id of the group at ``path``."""
        if path not in self._groups:
            if any(segment.strip(".") == "" for segment in path.strip("/").split("/")):
                return None
            address = quote(path.strip("/"))
            row = await self._api.ask(lambda admin: admin.a_get_group_by_path(address))
            if not isinstance(row, dict) or "id" not in row:
                return None
            self._groups[path] = row["id"]
        return self._groups[path]

    async def _person(self, account: str) -> Person | None:
        if account not in self._people and is_id(account):
            async with self._turns:
                row = await self._api.ask(lambda admin: admin.a_get_user(account))
            if row is not None:
                self._met(row)
        return self._people.get(account)

    def _met(self, row: Mapping[str, Any]) -> str:
        """Remember who a row is about; whoever cannot sign in is no person."""
        account: str = row["id"]
        username = str(row.get("username", ""))
        machine = row.get("serviceAccountClientId") or username.startswith("service-account-")
        name = full_name(row.get("firstName") or "", row.get("lastName") or "", username)
        known = row.get("enabled") is True and not machine
        self._people[account] = Person(account, username, name) if known else None
        return account


def _role(row: Mapping[str, Any], clients: Mapping[str, str]) -> Role:
    client_id = clients.get(row.get("containerId", ""), "?") if row.get("clientRole") else ""
    return Role(client_id, row["name"])
