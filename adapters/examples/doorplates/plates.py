"""The plates of the demonstration, and who may see and correct the record of one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from common.pages import Texts

from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.roles import AppRole

CONDITIONS = ("good", "damaged", "missing")
_NUMBER = re.compile(r"[0-9]{1,4}([A-Z]|-[0-9]{1,3})?")


class Role(AppRole):
    """Residents look up; an officer corrects records where a post ``police`` is held."""

    LOOKUP = "lookup"
    OFFICER = "officer", "police"


@dataclass(frozen=True, slots=True)
class Plate:
    """``street`` and ``services`` are for everybody, the rest is the police's."""

    code: str
    org: str
    street: tuple[str, str]
    number: str
    condition: str
    corrected_by: str = ""


class Wrong(Exception):
    """Not a number that a plate can have, not a condition, or no such plate."""


class Plates:
    """Everybody sees addresses and services; the record only the police of that unit."""

    def __init__(self, plates: Iterable[Plate]) -> None:
        self._plates = {plate.code: plate for plate in plates}

    def search(self, words: str, who: Principal) -> list[dict[str, Any]]:
        wanted = words.strip().lower()
        return [
            self._view(plate, who)
            for plate in self._plates.values()
            if wanted in f"{plate.code} {' '.join(plate.street)} {plate.number}".lower()
        ]

    def org_of(self, code: str) -> str:
        """Where a plate is; nowhere if there is none, which no post reaches."""
        plate = self._plates.get(code)
        return plate.org if plate else ""

    def correct(self, who: Principal, code: str, number: str, condition: str) -> None:
        number = number.strip().upper()
        plate = self._plates.get(code)
        if plate is None or condition not in CONDITIONS or not _NUMBER.fullmatch(number):
            raise Wrong(code)
        self._plates[code] = replace(
            plate, number=number, condition=condition, corrected_by=who.name
        )

    @staticmethod
    def _view(plate: Plate, who: Principal) -> dict[str, Any]:
        of_police = who.may(Role.OFFICER, org=plate.org)
        return {
            "code": plate.code,
            "org": plate.org,
            "street": plate.street,
            "number": plate.number,
            "services": SERVICES[plate.org.rpartition("/")[0]],
            "record": plate if of_police else None,
        }


_GONGLE, _HAIWANG = "/baoan/xixiang/gongle", "/baoan/xinan/haiwang"
SERVICES: dict[str, Texts] = {
    _GONGLE: {
        "station": ("共乐派出所 0755-0000-0110", "Gongle police station 0755-0000-0110"),
        "window": (
            "社区警务室办理门楼牌补领",
            "Plates are replaced at the community police office",
        ),
        "centre": ("共乐社区党群服务中心", "Gongle community service centre"),
    },
    _HAIWANG: {
        "station": ("海旺派出所 0755-0000-0111", "Haiwang police station 0755-0000-0111"),
        "window": (
            "社区警务室办理门楼牌补领",
            "Plates are replaced at the community police office",
        ),
        "centre": ("海旺社区党群服务中心", "Haiwang community service centre"),
    },
}
PLATES = (
    Plate("4403060070120001", f"{_GONGLE}/grid-12", ("共乐路", "Gongle Road"), "18", "good"),
    Plate("4403060070120002", f"{_GONGLE}/grid-12", ("共乐路", "Gongle Road"), "42", "damaged"),
    Plate(
        "4403060070130001", f"{_GONGLE}/grid-13", ("前进二路", "Qianjin 2nd Road"), "215", "good"
    ),
    Plate(
        "4403060110030001", f"{_HAIWANG}/grid-03", ("裕安一路", "Yu'an 1st Road"), "31", "missing"
    ),
)
