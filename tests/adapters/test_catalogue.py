"""An SDK or an example is there when it is tested, installable and described."""

import tomllib
from pathlib import Path

import pytest

from tests.adapters.sdk.fake_world import SDKS

ADAPTERS = Path(__file__).parents[2] / "adapters"
README = (ADAPTERS / "README.md").read_text(encoding="utf-8")
FRAMEWORKS = sorted(
    file.stem
    for file in (ADAPTERS / "idp_bridge_adapters" / "sdk").glob("*.py")
    if file.stem != "__init__"
)
EXAMPLES = sorted(
    folder.name
    for folder in (ADAPTERS / "examples").iterdir()
    if folder.is_dir() and folder.name not in ("common", "__pycache__")
)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_sdk_is_attacked_can_be_installed_and_is_described(framework: str):
    extras = tomllib.loads((ADAPTERS / "pyproject.toml").read_text())["project"]

    assert framework in SDKS
    assert framework in extras["optional-dependencies"]
    assert f"[{framework}]" in README


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_described(example: str):
    assert f"`examples/{example}" in README
