"""An app of both realms: closing one of its clients closes the other, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.twins import Twins


class OtherRealm:
    """The Admin API of a realm with these clients; keeps what was written."""

    def __init__(self, *clients: dict[str, Any]) -> None:
        self._clients = clients
        self.written: list[dict[str, Any]] = []

    async def list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        assert path == "clients"
        # Keycloak finds by a part of the name as well.
        return [one for one in self._clients if query["clientId"] in one["clientId"]]

    @asynccontextmanager
    async def asking(self) -> AsyncIterator["OtherRealm"]:
        yield self

    async def a_update_client(self, client: str, document: dict[str, Any]) -> None:
        self.written.append(document)


def app(client_id: str, *, enabled: bool = True, ours: bool = True) -> dict[str, Any]:
    said = {"bridge.app": "true"} if ours else {}
    return {"id": client_id, "clientId": client_id, "enabled": enabled, "attributes": said}


async def closed(*clients: dict[str, Any]) -> list[dict[str, Any]]:
    """What is written to the other realm when `house-codes` is closed in this one."""
    realm = OtherRealm(*clients)
    await Twins([cast(AdminApi, realm)]).disable("house-codes")
    return realm.written


async def test_the_twin_is_closed_and_keeps_everything_else() -> None:
    assert await closed(app("house-codes")) == [app("house-codes", enabled=False)]


async def test_an_app_that_is_only_called_alike_stays_open() -> None:
    assert await closed(app("house-codes-archive")) == []


async def test_a_client_that_is_no_app_is_left_alone() -> None:
    assert await closed(app("house-codes", ours=False)) == []


async def test_a_twin_that_is_closed_already_is_not_written_again() -> None:
    assert await closed(app("house-codes", enabled=False)) == []


async def test_a_twin_that_is_being_closed_may_have_its_peoples_apps_called_first() -> None:
    closing = app("house-codes")
    closing["attributes"]["bridge.closing"] = "true"

    assert await closed(closing) == []
