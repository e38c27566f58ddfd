r"""Events that machines file, and who assigns them or sees figures of them.

    filed --assign--> assigned --(again)--> assigned

A machine files within its own org units. Filing the same reference twice is filing once, so that
a machine which heard no answer may ask again.
"""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from common.pages import Texts

from idp_bridge_adapters.errors import NotAllowed
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.roles import AppRole

CLASSES: Texts = {
    "A01": ("消防隐患", "Fire hazard"),
    "B02": ("暴露垃圾", "Exposed rubbish"),
    "C03": ("噪声扰民", "Noise"),
    "D04": ("井盖缺失", "Missing manhole cover"),
}
TEAMS = ("grid", "cleaning", "police", "streets")


class Role(AppRole):
    """Where a post ``staff`` is held a dispatcher assigns; a machine's posts name ``source``."""

    SOURCE = "source"
    DISPATCHER = "dispatcher", "staff"
    LEADER = "leader"


@dataclass(frozen=True, slots=True)
class Filing:
    """What a machine says. ``reference`` is its own name of the event."""

    reference: str
    event_class: str
    org: str
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """``team`` is empty until somebody assigned it."""

    number: int
    source: tuple[str, str]
    filing: Filing
    team: str = ""
    assigned_by: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one org unit."""

    org: str
    open: int
    assigned: int
    by_class: dict[str, int]


class Unknown(Exception):
    """No such event, or no such team."""


class Events:
    """At most ``most`` events; the oldest makes room. Called from one event loop only."""

    def __init__(self, filings: Iterable[Filing], most: int = 10_000) -> None:
        self._events: dict[int, Event] = {}
        self._references: dict[tuple[tuple[str, str], str], int] = {}
        self._numbers = itertools.count(1)
        self._most = most
        for filing in filings:
            self._add(("", ""), filing)

    def file(self, machine: Principal, filing: Filing) -> tuple[Event, bool]:
        """The event, and whether it is new; raises ``NotAllowed`` beyond the machine's units."""
        if not machine.may(Role.SOURCE, org=filing.org):
            raise NotAllowed(machine, "an event beyond the machine's units")
        number = self._references.get((machine.key, filing.reference), 0)
        known = self._events.get(number)
        return (known, False) if known else (self._add(machine.key, filing), True)

    def of_source(self, machine: Principal) -> list[Event]:
        return [event for event in self._events.values() if event.source == machine.key]

    def of_dispatcher(self, who: Principal) -> list[Event]:
        """The events that the person's posts reach, those that wait first."""
        reached = [one for one in self._events.values() if who.may(Role.DISPATCHER, org=_org(one))]
        return sorted(reached, key=lambda event: (bool(event.team), -event.number))

    def figures(self, who: Principal) -> list[Figures]:
        """What is in the units of a leader's posts, unit by unit."""
        units: dict[str, list[Event]] = {}
        for event in self._events.values():
            if who.may(Role.LEADER, org=_org(event)):
                units.setdefault(_org(event), []).append(event)
        return [_figures(org, units[org]) for org in sorted(units)]

    def org_of(self, number: int) -> str:
        """Where an event is; nowhere if there is none, which no post reaches."""
        event = self._events.get(number)
        return _org(event) if event else ""

    def assign(self, who: Principal, number: int, team: str) -> None:
        if number not in self._events or team not in TEAMS:
            raise Unknown
        self._events[number] = replace(self._events[number], team=team, assigned_by=who.name)

    def _add(self, source: tuple[str, str], filing: Filing) -> Event:
        event = Event(next(self._numbers), source, filing)
        while len(self._events) >= self._most:
            oldest = self._events.pop(next(iter(self._events)))
            del self._references[oldest.source, oldest.filing.reference]
        self._events[event.number] = event
        self._references[source, filing.reference] = event.number
        return event


def _org(event: Event) -> str:
    return event.filing.org


def _figures(org: str, events: list[Event]) -> Figures:
    assigned = sum(bool(event.team) for event in events)
    classes = Counter(event.filing.event_class for event in events)
    return Figures(org, len(events) - assigned, assigned, dict(sorted(classes.items())))


_GONGLE, _HAIWANG = "/baoan/xixiang/gongle", "/baoan/xinan/haiwang"
FILINGS = (
    Filing("demo-1", "A01", f"{_GONGLE}/grid-12", "楼道堆放电动车 E-bikes in a stairwell"),
    Filing("demo-2", "B02", f"{_GONGLE}/grid-12", "路边暴露垃圾 Rubbish by the road"),
    Filing("demo-3", "C03", f"{_GONGLE}/grid-13", "夜间施工噪声 Building noise at night"),
    Filing("demo-4", "D04", f"{_HAIWANG}/grid-03", "人行道井盖缺失 Cover missing on a pavement"),
)
