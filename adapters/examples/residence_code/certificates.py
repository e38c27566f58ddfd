"""The residence certificates of the demonstration, and who may see and do what with them.

holder: sees their own, and applies for a renewal
officer: sees those that live in the units of a police post, and confirms a renewal
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from idp_bridge_adapters.principal import Principal

Person = tuple[str, str]
Words = tuple[str, str]

HOMES: Sequence[tuple[str, Words]] = (
    (
        "/baoan/xixiang/gongle/grid-12",
        ("西乡街道共乐路 18 号 B 栋 802", "802, 18 Gongle Road, Xixiang"),
    ),
    (
        "/baoan/xixiang/gongle/grid-13",
        ("西乡街道前进二路 215 号 1203", "1203, 215 Qianjin 2nd Road"),
    ),
)


class NotYours(Exception):
    """The person's role or post does not reach this certificate."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """``state`` is ``valid``, ``asked`` or ``renewed``; ``home`` is in (Chinese, English)."""

    number: str
    holder: str
    org: str
    home: Words
    until: str
    state: str = "valid"
    owner: Person = ("", "")


CERTIFICATES = (
    Certificate(
        "4403062026-0117",
        "周*兰",
        "/baoan/xixiang/gongle/grid-12",
        ("西乡街道共乐一巷 6 号 301", "301, 6 Gongle 1st Lane, Xixiang"),
        "2026-12-31",
        "asked",
    ),
    Certificate(
        "4403062026-0209",
        "何*强",
        "/baoan/xinan/haiwang/grid-03",
        ("新安街道裕安一路 31 号 2 单元", "Unit 2, 31 Yu'an 1st Road, Xin'an"),
        "2027-03-31",
        "asked",
    ),
)


class Certificates:
    """All of them, by number. A resident who comes for the first time finds one of their own."""

    def __init__(self, certificates: Iterable[Certificate] = CERTIFICATES) -> None:
        self._held = {one.number: one for one in certificates}

    def seen_by(self, who: Principal) -> list[Certificate]:
        """Those that wait for somebody come first."""
        if "holder" in who.roles:
            self._first_visit(who)
        seen = [one for one in self._held.values() if self._owns(who, one) or covers(who, one)]
        return sorted(seen, key=lambda one: (one.state != "asked", one.number))

    def apply(self, number: str, who: Principal) -> None:
        """The holder asks for a renewal."""
        one = self._held.get(number)
        if one is None or not self._owns(who, one) or one.state != "valid":
            raise NotYours
        self._held[number] = replace(one, state="asked")

    def confirm(self, number: str, who: Principal) -> None:
        """The officer of the place confirms it."""
        one = self._held.get(number)
        if one is None or not covers(who, one) or one.state != "asked":
            raise NotYours
        year = int(one.until[:4]) + 1
        self._held[number] = replace(one, state="renewed", until=f"{year}{one.until[4:]}")

    @staticmethod
    def _owns(who: Principal, one: Certificate) -> bool:
        return "holder" in who.roles and one.owner == _key(who)

    def _first_visit(self, who: Principal) -> None:
        if any(one.owner == _key(who) for one in self._held.values()):
            return
        number = f"4403062026-{300 + len(self._held):04d}"
        org, home = HOMES[len(self._held) % len(HOMES)]
        own = Certificate(number, _masked(who.name), org, home, "2026-11-30", owner=_key(who))
        self._held[number] = own


def covers(who: Principal, one: Certificate) -> bool:
    """Whether ``who`` is the officer of the place."""
    return "officer" in who.roles and who.holds("police", org=one.org)


def _key(who: Principal) -> Person:
    return who.realm, who.subject


def _masked(name: str) -> str:
    return name[:1] + "*" + name[2:]
