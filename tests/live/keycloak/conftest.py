"""A realm of its own for each module, in the suite's Keycloak; people and apps for each test."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.live.keycloak.calls import BackChannel, back_channel
from tests.live.keycloak.throwaway import Realm, throwaway_realm


@pytest.fixture
def channel() -> Iterator[BackChannel]:
    with back_channel() as channel:
        yield channel


@pytest.fixture(scope="module")
def module_realm(stack: dict[str, Any]) -> Iterator[Realm]:
    with _made_in(stack) as realm:
        yield realm


@pytest.fixture(scope="module")
def other_realm(stack: dict[str, Any]) -> Iterator[Realm]:
    with _made_in(stack) as realm:
        yield realm


def _made_in(stack: dict[str, Any]) -> AbstractContextManager[Realm]:
    keycloak, admin = stack["urls"]["keycloak"], stack["admin"]
    return throwaway_realm(keycloak, admin["username"], admin["password"])


@pytest.fixture
def realm(module_realm: Realm) -> Realm:
    module_realm.begin()
    return module_realm


@pytest.fixture
def person(realm: Realm, channel: BackChannel) -> str:
    """Somebody who may use the app ``app``, which hears of logouts."""
    hears = {
        "backchannel.logout.url": channel.url,
        "backchannel.logout.session.required": "true",
    }
    realm.made["app"] = realm.client("app", attributes=hears)
    return realm.person("zhangwei")
