"""Patrol rounds of the demonstration. A real app keeps them in its own database, by org path."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from idp_bridge_adapters.principal import Principal

# Which post an app role acts through; the role alone has no place to act in.
POSTS = {"patroller": ("volunteer", "grid-worker"), "organiser": ("staff", "police")}
GONGLE = "/baoan/xixiang/gongle"
HAIWANG = "/baoan/xinan/haiwang"
Text = tuple[str, str]


class NotYours(Exception):
    """The person's role or post does not reach this round."""


@dataclass(frozen=True, slots=True)
class Round:
    """``route`` and ``when`` are in (Chinese, English)."""

    id: str
    org: str
    route: Text
    when: Text
    walkers: tuple[str, ...] = ()
    called_off: bool = False


ROUNDS = (
    Round(
        "g12-evening",
        f"{GONGLE}/grid-12",
        (
            "共乐路夜间巡查：楼道、充电棚",
            "Evening round along Gongle Road: stairwells, charging sheds",
        ),
        ("今天 19:30–21:00", "Today, 19:30 to 21:00"),
    ),
    Round(
        "g12-school",
        f"{GONGLE}/grid-12",
        ("共乐小学放学护送", "Seeing children home from Gongle Primary School"),
        ("明天 16:20–17:10", "Tomorrow, 16:20 to 17:10"),
        walkers=("何欣",),
    ),
    Round(
        "g13-market",
        f"{GONGLE}/grid-13",
        ("前进二路市场周边秩序", "Order around the market in Qianjin 2nd Road"),
        ("明天 08:00–09:30", "Tomorrow, 08:00 to 09:30"),
    ),
    Round(
        "h3-river",
        f"{HAIWANG}/grid-03",
        ("河道安全劝导", "Safety talks along the river"),
        ("周六 15:00–17:00", "Saturday, 15:00 to 17:00"),
    ),
)


class Patrols:
    """Which app role does what, always within the org units of the fitting posts.

    patroller: sees the rounds of its units, joins and leaves them
    organiser: sees the rounds below its unit, calls them off and on again
    """

    def __init__(self, rounds: Iterable[Round]) -> None:
        self._rounds = {one.id: one for one in rounds}

    def seen_by(self, who: Principal) -> list[Round]:
        """Those that take place first."""
        seen = [one for one in self._rounds.values() if self.acts_as(who, one)]
        return sorted(seen, key=lambda one: (one.called_off, one.id))

    def acts_as(self, who: Principal, one: Round) -> list[str]:
        """The app roles that the person has for this round."""
        return [
            role
            for role, posts in POSTS.items()
            if role in who.roles and any(who.holds(post, org=one.org) for post in posts)
        ]

    def join(self, round_id: str, who: Principal) -> None:
        one = self._of(round_id, who, "patroller")
        others = tuple(walker for walker in one.walkers if walker != who.name)
        self._rounds[round_id] = replace(one, walkers=(*others, who.name))

    def leave(self, round_id: str, who: Principal) -> None:
        one = self._of(round_id, who, "patroller")
        others = tuple(walker for walker in one.walkers if walker != who.name)
        self._rounds[round_id] = replace(one, walkers=others)

    def call_off(self, round_id: str, who: Principal) -> None:
        self._rounds[round_id] = replace(self._of(round_id, who, "organiser"), called_off=True)

    def call_on(self, round_id: str, who: Principal) -> None:
        self._rounds[round_id] = replace(self._of(round_id, who, "organiser"), called_off=False)

    def _of(self, round_id: str, who: Principal, role: str) -> Round:
        one = self._rounds.get(round_id)
        if one is None or role not in self.acts_as(who, one):
            raise NotYours
        return one
