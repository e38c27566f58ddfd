"""Each SDK in turn, with a bridge in memory."""

from collections.abc import Callable
from typing import Any

import pytest

from idp_bridge_adapters.testing import FakeBridge
from tests.adapters.sdk.fake_world import SDKS, Visitor

Start = Callable[..., Visitor]


@pytest.fixture(params=sorted(SDKS))
def start(request: pytest.FixtureRequest) -> Start:
    """Start a copy of the small app: ``start(bridge, **fields of App)``."""

    def started(
        bridge: FakeBridge, options: dict[str, Any] | None = None, **changes: Any
    ) -> Visitor:
        visitor: Visitor = SDKS[request.param](bridge.app(**changes), bridge, **(options or {}))
        return visitor

    return started


@pytest.fixture
def bridge() -> FakeBridge:
    return FakeBridge(client_id="booking")


@pytest.fixture
def visitor(start: Start, bridge: FakeBridge) -> Visitor:
    return start(bridge)
