"""The forward-auth listener for the tests of it."""

from pathlib import Path

import pytest

from tests.endpoints.gate_world import GateWorld


@pytest.fixture
async def world(tmp_path: Path) -> GateWorld:
    made = GateWorld(tmp_path)
    await made.heard()
    return made
