"""The same app in the other realms: clients with one ``clientId``, none more open than the other.

Disabling one disables the other, wherever that was done. Enabling is not passed on: of two clients
that are not equal the stricter one decides until somebody opens both. A twin that is being closed
(``suspension``) is on its way, and has its people's apps called first: it is left alone.
"""

from collections.abc import Iterable
from typing import Any

from idp_bridge.keycloak.admin import AdminApi

CLOSING = "bridge.closing"


class Twins:
    """The clients of the same apps in ``others``, the Admin APIs of the other realms."""

    def __init__(self, others: Iterable[AdminApi]) -> None:
        self._others = tuple(others)

    async def disable(self, client_id: str) -> None:
        """Close it there too; their followers see to who is inside. Raises ``Unavailable``."""
        for api in self._others:
            for client in await api.list("clients", clientId=client_id):
                if client["clientId"] == client_id and _is_open_app(client):
                    async with api.asking() as admin:
                        await admin.a_update_client(client["id"], {**client, "enabled": False})


def _is_open_app(client: dict[str, Any]) -> bool:
    said = client.get("attributes") or {}
    closing = said.get(CLOSING) == "true"
    return client.get("enabled") is True and said.get("bridge.app") == "true" and not closing
