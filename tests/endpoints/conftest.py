"""The forward-auth listener for the tests of it."""

from pathlib import Path

import pytest

from tests.endpoints.gate_world import GateWorld


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bridge's keys, made once."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def world(keys_folder: Path) -> GateWorld:
    made = GateWorld(keys_folder)
    await made.heard()
    return made
