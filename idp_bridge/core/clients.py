"""The registry of the OpenID Provider's clients: configuration, looked up in one place."""

from collections.abc import Iterable

from idp_bridge.core.authorization import Client


class Clients:
    """Clients by ``client_id``. Two with one id are refused."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._by_id: dict[str, Client] = {}
        for client in clients:
            if client.client_id in self._by_id:
                raise ValueError(f"client_id {client.client_id} is registered twice")
            self._by_id[client.client_id] = client

    def find(self, client_id: str) -> Client | None:
        """The client, or ``None``."""
        return self._by_id.get(client_id)
