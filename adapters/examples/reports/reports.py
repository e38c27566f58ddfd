r"""What was reported, who may follow it and who may move it on.

    received --take--> in_hand --close--> done

A signed report belongs to (issuer, subject): a pairwise subject, which no other app knows the
resident by. An anonymous one belongs to whoever has its code, of which only a digest is kept.
"""

import hashlib
import itertools
import secrets
from dataclasses import dataclass, replace

from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.roles import AppRole

KINDS = ("hazard", "order", "sanitation")
SHORTEST, LONGEST = 5, 500
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Role(AppRole):
    """Residents report; a handler moves on what is in the grid of the post, a reader reads."""

    REPORTER = "reporter"
    HANDLER = "handler", "grid-worker"
    READER = "reader", "staff"


@dataclass(frozen=True, slots=True)
class Place:
    """What a place code stands for. ``address`` is in (Chinese, English)."""

    code: str
    org: str
    address: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """``owner`` is who signed it; nobody's name is kept."""

    number: int
    kind: str
    place: Place
    text: str
    owner: tuple[str, str] | None
    state: str = "received"
    handler: str = ""
    answer: str = ""


class Incomplete(Exception):
    """What was written is too short or too long, or names no kind or place."""


class Moved(Exception):
    """The report is no longer where its reader saw it, or there is none."""


class Reports:
    """At most ``most`` reports; the oldest makes room. Called from one event loop only."""

    def __init__(self, most: int = 10_000) -> None:
        self._reports: dict[int, Report] = {}
        self._by_code: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._most = most

    def sign(self, who: Principal, kind: str, place: str, text: str) -> None:
        self._add(kind, place, text, who.key)

    def leave(self, kind: str, place: str, text: str) -> str:
        """An anonymous report; the answer is the code that it can be followed with."""
        report = self._add(kind, place, text, None)
        code = "".join(secrets.choice(_LETTERS) for _ in range(16))
        self._by_code[_digest(code)] = report.number
        return "-".join(code[at : at + 4] for at in range(0, 16, 4))

    def followed_by(self, code: str) -> Report | None:
        """The report of a code, however it was written down."""
        written = "".join(letter for letter in code.upper() if letter.isalnum())
        return self._reports.get(self._by_code.get(_digest(written), 0))

    def of_reporter(self, who: Principal) -> list[Report]:
        return [report for report in self._newest() if report.owner == who.key]

    def of_worker(self, who: Principal) -> list[Report]:
        """The reports of the units that the person's posts reach, and of no others."""
        return [
            report
            for report in self._newest()
            if any(who.may(role, org=report.place.org) for role in (Role.HANDLER, Role.READER))
        ]

    def org_of(self, number: int) -> str:
        """Where a report is; nowhere if there is none, which no post reaches."""
        report = self._reports.get(number)
        return report.place.org if report else ""

    def take(self, who: Principal, number: int) -> None:
        report = self._in("received", number)
        self._reports[number] = replace(report, state="in_hand", handler=who.name)

    def close(self, who: Principal, number: int, answer: str) -> None:
        report = self._in("in_hand", number)
        self._reports[number] = replace(
            report, state="done", handler=who.name, answer=_fitting(answer)
        )

    def _add(self, kind: str, place: str, text: str, owner: tuple[str, str] | None) -> Report:
        if kind not in KINDS or place not in PLACES:
            raise Incomplete
        report = Report(next(self._numbers), kind, PLACES[place], _fitting(text), owner)
        while len(self._reports) >= self._most:
            del self._reports[next(iter(self._reports))]
        self._reports[report.number] = report
        return report

    def _in(self, state: str, number: int) -> Report:
        report = self._reports.get(number)
        if report is None or report.state != state:
            raise Moved
        return report

    def _newest(self) -> list[Report]:
        return list(reversed(self._reports.values()))


def _fitting(text: str) -> str:
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Incomplete
    return text


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


_GONGLE = "/baoan/xixiang/gongle"
PLACES = {
    place.code: place
    for place in (
        Place("4403060070120001", f"{_GONGLE}/grid-12", ("共乐路 18 号", "18 Gongle Road")),
        Place("4403060070120002", f"{_GONGLE}/grid-12", ("共乐路 42 号", "42 Gongle Road")),
        Place(
            "4403060070130001", f"{_GONGLE}/grid-13", ("前进二路 215 号", "215 Qianjin 2nd Road")
        ),
        Place(
            "4403060110030001",
            "/baoan/xinan/haiwang/grid-03",
            ("裕安一路 31 号", "31 Yu'an 1st Road"),
        ),
    )
}
