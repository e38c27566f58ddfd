"""A disabled app: who is inside an app that was given tickets is told of by the bridge."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.suspension import Suspension
from idp_bridge.keycloak.twins import Twins
from tests.fakes import FakeAccounts


class OneClient:
    """The Admin API of a realm with one client, in which Keycloak knows of nobody's session."""

    realm = "workers"

    def __init__(self, protocol: str, *, enabled: bool) -> None:
        said = {"bridge.app": "true", "bridge.protocol": protocol}
        self._client = {"id": "c-1", "clientId": "app", "enabled": enabled, "attributes": said}

    async def ask(self, _question: Any) -> dict[str, Any]:
        return self._client

    async def pages(self, _path: str) -> AsyncIterator[dict[str, Any]]:
        for row in ():
            yield row


class ListedEnds:
    """Notes which apps are over."""

    def __init__(self) -> None:
        self.apps: list[str] = []

    async def app_over(self, realm: str, client_id: str) -> None:
        self.apps.append(f"{realm}/{client_id}")


async def told(client: OneClient) -> list[str]:
    """The apps that are told of everybody when ``client`` was changed."""
    ends = ListedEnds()
    suspension = Suspension(
        cast(AdminApi, client), cast(Any, FakeAccounts()), cast(Any, ends), Twins(())
    )
    await suspension.look_at("c-1", and_twins=True)
    return ends.apps


@pytest.mark.parametrize("protocol", ["cas", "ticket"])
async def test_a_suspended_app_is_told_of_everybody_also_of_whom_keycloak_does_not_know(
    protocol: str,
) -> None:
    assert await told(OneClient(protocol, enabled=False)) == ["workers/app"]


class ListedTwins:
    """Notes which apps are closed in the other realm."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    async def disable(self, client_id: str) -> None:
        self.closed.append(client_id)


@pytest.mark.parametrize("by_an_administrator", [True, False])
async def test_an_app_closed_for_its_twins_sake_does_not_close_the_twin_once_more(
    by_an_administrator: bool,
) -> None:
    """It may have been opened again in between, and would be closed for ever to and fro."""
    client, twins = OneClient("cas", enabled=False), ListedTwins()
    ends = cast(Any, ListedEnds())
    suspension = Suspension(
        cast(AdminApi, client), cast(Any, FakeAccounts()), ends, cast(Any, twins)
    )

    await suspension.look_at("c-1", and_twins=by_an_administrator)

    assert twins.closed == (["app"] if by_an_administrator else [])


class Console:
    """Keycloak with one app of OpenID Connect in which somebody is, and what is written to it."""

    realm = "workers"

    def __init__(self) -> None:
        said = {"bridge.app": "true", "backchannel.logout.url": "https://app.test/out"}
        self.client: dict[str, Any] = {"id": "c-1", "clientId": "app", "attributes": said}
        self.client |= {"enabled": False, "standardFlowEnabled": True}

    async def ask(self, question: Any) -> Any:
        return await question(self)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator["Console"]:
        yield self

    async def pages(self, _path: str) -> AsyncIterator[dict[str, Any]]:
        yield {"id": "s-1"}

    async def a_get_client(self, _client: str) -> dict[str, Any]:
        return self.client

    async def a_update_client(self, _client: str, document: dict[str, Any]) -> None:
        self.client = document


class OpeningAccounts(FakeAccounts):
    """Somebody opens the app again while its sessions are being ended."""

    def __init__(self, at: Console) -> None:
        super().__init__()
        self.at = at

    async def end_session(self, realm: str, session_id: str) -> None:
        assert not self.at.client["standardFlowEnabled"]
        self.at.client |= {"enabled": True, "standardFlowEnabled": True}


async def test_an_app_that_is_opened_again_while_it_is_closed_stays_open() -> None:
    console = Console()
    accounts = cast(Any, OpeningAccounts(console))
    suspension = Suspension(cast(AdminApi, console), accounts, cast(Any, ListedEnds()), Twins(()))

    await suspension.look_at("c-1", and_twins=True)

    assert console.client["enabled"]
    assert console.client["standardFlowEnabled"]
    assert console.client["attributes"]["bridge.closing"] == ""


async def test_an_app_that_is_open_is_told_of_nobody() -> None:
    assert await told(OneClient("cas", enabled=True)) == []
