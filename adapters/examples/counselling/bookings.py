"""Who has booked which hour where, and who may confirm it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.roles import AppRole

TOPICS = ("sleep", "family", "work", "child", "other")


class Role(AppRole):
    """A client books for themselves; a counsellor confirms where a post ``counsellor`` is held."""

    CLIENT = "client"
    COUNSELLOR = "counsellor"


@dataclass(frozen=True, slots=True)
class Hour:
    """A free hour of a counselling room; ``when`` is in (Chinese, English)."""

    id: str
    org: str
    when: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Booking:
    """``owner`` is the client's (issuer, subject), and no other app knows them by it."""

    hour: Hour
    topic: str
    owner: tuple[str, str]
    name: str
    confirmed_by: str | None = None


class Taken(Exception):
    """Somebody was faster, or there is no such hour."""


class Bookings:
    """Each hour once. Called from one event loop only."""

    def __init__(self, hours: Iterable[Hour]) -> None:
        self._hours = {hour.id: hour for hour in hours}
        self._booked: dict[str, Booking] = {}

    def free(self) -> list[Hour]:
        return [hour for hour in self._hours.values() if hour.id not in self._booked]

    def of_client(self, who: Principal) -> list[Booking]:
        return [one for one in self._booked.values() if one.owner == who.key]

    def of_counsellor(self, who: Principal) -> list[Booking]:
        """The bookings of the units where the person is a counsellor, and of no others."""
        return [one for one in self._booked.values() if who.may(Role.COUNSELLOR, org=one.hour.org)]

    def org_of(self, hour_id: str) -> str:
        """Where an hour is; nowhere if there is none, which no post reaches."""
        hour = self._hours.get(hour_id)
        return hour.org if hour else ""

    def book(self, who: Principal, hour_id: str, topic: str) -> None:
        if hour_id not in self._hours or hour_id in self._booked or topic not in TOPICS:
            raise Taken(hour_id)
        self._booked[hour_id] = Booking(self._hours[hour_id], topic, who.key, who.name)

    def confirm(self, who: Principal, hour_id: str) -> None:
        if hour_id not in self._booked:
            raise Taken(hour_id)
        self._booked[hour_id] = replace(self._booked[hour_id], confirmed_by=who.name)

    def cancel(self, who: Principal, hour_id: str) -> None:
        """Only the client who booked can; for anybody else there is nothing to cancel."""
        if hour_id not in self._booked or self._booked[hour_id].owner != who.key:
            raise Taken(hour_id)
        del self._booked[hour_id]


_GRID_12, _GRID_13 = "/baoan/xixiang/gongle/grid-12", "/baoan/xixiang/gongle/grid-13"
_HAIWANG = "/baoan/xinan/haiwang/grid-03"
HOURS = (
    Hour("a1", _GRID_13, ("周三 9:30", "Wednesday 9:30")),
    Hour("a2", _GRID_13, ("周三 10:30", "Wednesday 10:30")),
    Hour("a3", _GRID_13, ("周五 15:00", "Friday 15:00")),
    Hour("b1", _GRID_12, ("周四 14:00", "Thursday 14:00")),
    Hour("b2", _GRID_12, ("周四 15:00", "Thursday 15:00")),
    Hour("c1", _HAIWANG, ("周二 19:00", "Tuesday 19:00")),
)
