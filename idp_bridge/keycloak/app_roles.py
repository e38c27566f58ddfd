"""Roles of apps that people hold directly, given and taken at Keycloak."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from keycloak.exceptions import KeycloakError

from idp_bridge.core.errors import NotFound
from idp_bridge.keycloak.admin import AdminApi, is_id


class KeycloakAppRoles:
    """``AppRoles`` over the Admin API of each realm."""

    def __init__(self, apis: Mapping[str, AdminApi]) -> None:
        self._apis = apis

    async def give(self, realm: str, client_id: str, role: str, account: str) -> None:
        found = await self._found(realm, client_id, role)
        if found is None or not is_id(account):
            raise NotFound(f"{realm}: no role {role!r} of {client_id!r}")
        uuid, row = found
        async with self._apis[realm].asking() as admin:
            try:
                await admin.a_assign_client_role(account, uuid, [row])
            except KeycloakError as error:
                if error.response_code == 404:
                    raise NotFound(f"{realm}: no such account") from error
                raise

    async def take(self, realm: str, client_id: str, role: str, account: str) -> None:
        found = await self._found(realm, client_id, role)
        if found is not None and is_id(account):
            uuid, row = found
            await self._apis[realm].ask(
                lambda admin: admin.a_delete_client_roles_of_user(account, uuid, [row])
            )

    async def held(self, realm: str, client_id: str, account: str) -> frozenset[str]:
        uuid = await self._uuid(realm, client_id)
        if uuid is None or not is_id(account):
            return frozenset()
        path = f"users/{account}/role-mappings/clients/{uuid}/composite"
        return frozenset(row["name"] for row in await self._apis[realm].list(path))

    async def _found(
        self, realm: str, client_id: str, role: str
    ) -> tuple[str, dict[str, Any]] | None:
        uuid = await self._uuid(realm, client_id)
        # A name of dots would leave its place in the address.
        if uuid is None or not role.strip("."):
            return None
        row = await self._apis[realm].document(f"clients/{uuid}/roles/{quote(role, safe='')}")
        return (uuid, row) if row else None

    async def _uuid(self, realm: str, client_id: str) -> str | None:
        # Not kept: an app that was retired and came back is another client.
        rows = await self._apis[realm].list("clients", clientId=client_id)
        return next((row["id"] for row in rows if row["clientId"] == client_id), None)
