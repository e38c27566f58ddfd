"""The houses of the demonstration, and what each app role is shown of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from idp_bridge_adapters.principal import Principal

TEAMS = {
    "station": ("共乐派出所 0755-0000-0110", "Gongle police station 0755-0000-0110"),
    "centre": ("共乐社区党群服务中心", "Gongle community service centre"),
}


@dataclass(frozen=True, slots=True)
class House:
    """``address`` is the standard address in (Chinese, English)."""

    code: str
    org: str
    address: tuple[str, str]
    households: int
    inspected: str


class Houses:
    """Everybody with a role sees code and address; the rest depends on role and post.

    inspector: households and last inspection, in the grids of a grid-worker or police post
    registrar: households, below a staff post
    """

    def __init__(self, houses: Iterable[House]) -> None:
        self._houses = tuple(houses)

    def search(self, words: str, who: Principal) -> list[dict[str, Any]]:
        wanted = words.strip().lower()
        return [
            self._view(house, who)
            for house in self._houses
            if wanted in " ".join((house.code, *house.address)).lower()
        ]

    @staticmethod
    def _view(house: House, who: Principal) -> dict[str, Any]:
        inspects = "inspector" in who.roles and any(
            who.holds(post, org=house.org) for post in ("grid-worker", "police")
        )
        registers = "registrar" in who.roles and who.holds("staff", org=house.org)
        return {
            "code": house.code,
            "address": house.address,
            "org": house.org,
            "households": house.households if inspects or registers else None,
            "inspected": house.inspected if inspects else None,
        }


HOUSES = (
    House(
        "4403060070120001",
        "/baoan/xixiang/gongle/grid-12",
        ("西乡街道共乐路 18 号 B 栋", "18 Gongle Road, Block B, Xixiang"),
        36,
        "2026-11-02",
    ),
    House(
        "4403060070120002",
        "/baoan/xixiang/gongle/grid-12",
        ("西乡街道共乐路 42 号", "42 Gongle Road, Xixiang"),
        12,
        "2026-10-19",
    ),
    House(
        "4403060070120003",
        "/baoan/xixiang/gongle/grid-12",
        ("西乡街道共乐一巷 6 号", "6 Gongle 1st Lane, Xixiang"),
        8,
        "2026-11-12",
    ),
    House(
        "4403060070130001",
        "/baoan/xixiang/gongle/grid-13",
        ("西乡街道前进二路 215 号", "215 Qianjin 2nd Road, Xixiang"),
        24,
        "2026-09-30",
    ),
    House(
        "4403060110030001",
        "/baoan/xinan/haiwang/grid-03",
        ("新安街道裕安一路 31 号", "31 Yu'an 1st Road, Xin'an"),
        18,
        "2026-11-05",
    ),
    House(
        "4403060110030002",
        "/baoan/xinan/haiwang/grid-03",
        ("新安街道海旺新村 5 栋", "Haiwang New Village, Block 5, Xin'an"),
        54,
        "2026-10-27",
    ),
)
