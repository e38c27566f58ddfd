"""Disputes of the demonstration. A real app keeps them in its own database, by org path."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from idp_bridge_adapters.principal import Principal

# Which posts an app role acts through; the role alone has no place to act in.
POSTS = {"mediator": ("counsellor", "legal-adviser"), "observer": ("leader", "staff")}
GONGLE = "/baoan/xixiang/gongle"
Text = tuple[str, str]


class NotYours(Exception):
    """The person's role or post does not reach this dispute."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """``about`` and ``parties`` are in (Chinese, English)."""

    id: str
    org: str
    about: Text
    parties: Text
    mediator: str = ""


DISPUTES = (
    Dispute(
        "g12-noise",
        f"{GONGLE}/grid-12",
        ("楼上夜间装修噪声", "Renovation noise at night from the floor above"),
        ("共乐路 18 号住户两家", "Two households of 18 Gongle Road"),
    ),
    Dispute(
        "g13-deposit",
        f"{GONGLE}/grid-13",
        ("退租押金未退", "A deposit not returned when moving out"),
        ("租客与房东", "Tenant and landlord"),
    ),
    Dispute(
        "g13-stairs",
        f"{GONGLE}/grid-13",
        ("楼道堆放杂物", "Things stored in the stairwell"),
        ("同层三户", "Three households of one floor"),
        mediator="郑凯",
    ),
    Dispute(
        "h3-wages",
        "/baoan/xinan/haiwang/grid-03",
        ("零工工资结算", "Wages of casual work"),
        ("工人与店主", "Worker and shop owner"),
    ),
)


class Disputes:
    """Which app role does what, always within the org units of the fitting posts.

    mediator: takes up the disputes of its units, and gives them back
    observer: sees the disputes below its unit
    """

    def __init__(self, disputes: Iterable[Dispute]) -> None:
        self._disputes = {one.id: one for one in disputes}

    def seen_by(self, who: Principal) -> list[Dispute]:
        """Open ones first."""
        seen = [one for one in self._disputes.values() if self.acts_as(who, one)]
        return sorted(seen, key=lambda one: (bool(one.mediator), one.id))

    def acts_as(self, who: Principal, one: Dispute) -> list[str]:
        """The app roles that the person has for this dispute."""
        return [
            role
            for role, posts in POSTS.items()
            if role in who.roles and any(who.holds(post, org=one.org) for post in posts)
        ]

    def take_up(self, dispute_id: str, who: Principal) -> None:
        one = self._of(dispute_id, who)
        if one.mediator not in ("", who.name):
            raise NotYours
        self._disputes[dispute_id] = replace(one, mediator=who.name)

    def give_back(self, dispute_id: str, who: Principal) -> None:
        one = self._of(dispute_id, who)
        if one.mediator != who.name:
            raise NotYours
        self._disputes[dispute_id] = replace(one, mediator="")

    def _of(self, dispute_id: str, who: Principal) -> Dispute:
        one = self._disputes.get(dispute_id)
        if one is None or "mediator" not in self.acts_as(who, one):
            raise NotYours
        return one
