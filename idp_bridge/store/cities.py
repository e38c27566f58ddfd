"""Cities by address, from the operator's MaxMind-format table; without one nothing is known."""

from pathlib import Path
from typing import Any

import maxminddb

from idp_bridge.core.surroundings import Address


class NoCities:
    """``Cities`` for an operator without a table."""

    def city(self, address: Address) -> str:
        return ""


class MmdbCities:
    """``Cities`` over one file, kept open and memory-mapped."""

    def __init__(self, file: Path) -> None:
        self._reader = maxminddb.open_database(file)

    def city(self, address: Address) -> str:
        found: Any = self._reader.get(address)
        names = found.get("city", {}).get("names", {}) if isinstance(found, dict) else {}
        return str(names.get("zh-CN") or names.get("en") or "")
