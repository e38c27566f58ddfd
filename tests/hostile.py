"""The corpus of hostile addresses, for every test of something that sends a browser somewhere."""

from pathlib import Path

import yaml


def corpus(section: str) -> list[str]:
    """``flawed``: refused even when registered; ``foreign``: plain, but nobody's."""
    file = Path(__file__).parent / "core" / "hostile_addresses.yaml"
    groups = yaml.safe_load(file.read_text(encoding="utf-8"))[section]
    return [address for group in groups for address in group["addresses"]]
