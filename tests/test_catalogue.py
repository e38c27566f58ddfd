"""A protocol that apps speak is there when it has its file, its section, its tests and its row."""

from pathlib import Path
from typing import get_args

import pytest

from idp_bridge.manifests.manifest import BRIDGE_SERVED, AppManifest, Protocol, section_key

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROTOCOLS = sorted(get_args(Protocol))
CALLED = {
    "cas": "CAS 1.0 to 3.0",
    "forward-auth": "forward-auth",
    "oidc": "OpenID Connect",
    "saml": "SAML 2.0",
    "ticket": "signed tickets",
}
# What the protocols' endpoints stand on; none is an app's protocol.
SHARED = {"__init__", "entry", "forms", "headers", "outbound", "sector"}


def rows() -> list[list[str]]:
    """The cells of the README's table of what apps speak."""
    table = README.partition("### What apps speak")[2].partition("###")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(cells: list[str]) -> list[str]:
    """The files that a row names, as patterns below the repository."""
    paths = cells[-1].split("`")[1::2]
    return [path if path.startswith("adapters/") else f"idp_bridge/{path}" for path in paths]


def test_every_file_that_a_row_names_is_there():
    assert [path for row in rows() for path in named(row) if not list(ROOT.glob(path))] == []


def test_every_endpoint_of_an_app_is_in_a_row():
    described = {file for row in rows() for path in named(row) for file in ROOT.glob(path)}
    endpoints = (ROOT / "idp_bridge" / "endpoints").glob("*.py")

    assert [f.name for f in endpoints if f.stem not in SHARED and f not in described] == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_has_its_section_and_a_row(protocol: str):
    key = section_key(protocol)

    assert key in AppManifest.model_fields
    assert (ROOT / "idp_bridge" / "manifests" / f"{key}.py").is_file()
    assert [row for row in rows() if CALLED[protocol] in row[0]]


@pytest.mark.parametrize("protocol", sorted(BRIDGE_SERVED))
def test_every_protocol_that_the_bridge_serves_has_its_file_and_is_attacked(protocol: str):
    key = section_key(protocol)

    assert (ROOT / "idp_bridge" / "endpoints" / f"{key}.py").is_file()
    assert (ROOT / "tests" / "endpoints" / f"test_{key}_attacks.py").is_file()
