"""Keycloak's Admin API of one realm, as the service account ``idp-bridge``.

python-keycloak writes ids into addresses as they are, so nothing that could leave its place in a
path gets this far: ``is_id`` is asked first, and what is no id is nobody's.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakConnectionError, KeycloakError

from idp_bridge.core.errors import Unavailable

_T = TypeVar("_T")

BRIDGE_CLIENT = "idp-bridge"
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9:_.-]{0,254}", re.ASCII)
_TIMEOUT_SECONDS = 5


def is_id(value: str) -> bool:
    """Whether ``value`` can be an id of Keycloak's: one path segment, nothing to escape."""
    return _ID.fullmatch(value) is not None


class AdminApi:
    """One realm's Admin API: connections and the token are reused and renewed by the library."""

    def __init__(self, url: str, realm: str, secret: str, *, ca_file: Path | None = None) -> None:
        self.realm = realm
        self._uuids: dict[str, str] = {}
        connection = KeycloakOpenIDConnection(
            server_url=url.rstrip("/") + "/",
            realm_name=realm,
            client_id=BRIDGE_CLIENT,
            client_secret_key=secret,
            verify=str(ca_file) if ca_file else True,
            timeout=_TIMEOUT_SECONDS,
            max_retries=0,
        )
        self.admin = KeycloakAdmin(connection=connection)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[KeycloakAdmin]:
        """Ask the library inside; whatever it raises leaves as ``Unavailable``."""
        try:
            # Before the question, so that a realm that is gone is no answer to it.
            await self.admin.connection.a__refresh_if_required()
            yield self.admin
        except KeycloakConnectionError as error:
            raise Unavailable(f"keycloak {self.realm}: no connection") from error
        except KeycloakError as error:
            raise Unavailable(f"keycloak {self.realm}: answered {error.response_code}") from error

    async def ask(self, question: Callable[[KeycloakAdmin], Awaitable[_T]]) -> _T | None:
        """The answer to one question, or ``None`` when Keycloak says that there is no such thing.

        Raises ``Unavailable``.
        """
        async with self.asking() as admin:
            try:
                return await question(admin)
            except KeycloakError as error:
                if error.response_code == 404:
                    return None
                raise

    async def list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """One page of a list at ``path`` below the realm; empty when there is no such thing."""
        async with self.asking() as admin:
            answer = await admin.connection.a_raw_get(f"admin/realms/{self.realm}/{path}", **query)
            if answer.status_code == 404:
                return []
            return _rows(self.realm, answer.status_code, answer)

    async def document(self, path: str) -> dict[str, Any]:
        """The document at ``path`` below the realm; empty when there is no such thing."""
        async with self.asking() as admin:
            answer = await admin.connection.a_raw_get(f"admin/realms/{self.realm}/{path}")
            if answer.status_code == 404:
                return {}
            if answer.status_code != 200:
                raise Unavailable(f"keycloak {self.realm}: answered {answer.status_code}")
            said = answer.json()
            return said if isinstance(said, dict) else {}

    async def pages(
        self, path: str, size: int = 500, **query: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Every row of a list that takes ``first`` and ``max``."""
        first = 0
        while True:
            rows = await self.list(path, first=first, max=size, **query)
            for row in rows:
                yield row
            if len(rows) < size:
                return
            first += size

    async def client_uuid(self, client_id: str) -> str:
        """Keycloak's own id of a client that every realm has; it never changes."""
        if client_id not in self._uuids:
            found = await self.list("clients", clientId=client_id)
            if not found:
                raise Unavailable(f"keycloak {self.realm}: no client {client_id}")
            self._uuids[client_id] = found[0]["id"]
        return self._uuids[client_id]

    async def close(self) -> None:
        """Give the connections back."""
        await self.admin.connection.aclose()
        await self.admin.connection.keycloak_openid.connection.aclose()


def _rows(realm: str, status: int, answer: Any) -> list[dict[str, Any]]:
    if status != 200:
        raise Unavailable(f"keycloak {realm}: answered {status}")
    rows = answer.json()
    if not isinstance(rows, list):
        raise Unavailable(f"keycloak {realm}: a list was expected")
    return [row for row in rows if isinstance(row, dict)]
