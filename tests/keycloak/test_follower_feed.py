"""No event is missed and none is told twice, whatever order they become visible in."""

from typing import Any

import pytest

from idp_bridge.keycloak.feed import Cursor, Feed

NOON = 1_795_000_000_000


class Events:
    """Keycloak's list of events: sorted by time only, so equal times come in any order."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, name: str, milliseconds: int) -> None:
        self.rows.append({"id": name, "time": NOON + milliseconds})

    async def list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        since = query.get("dateFrom", 0)
        oldest_first = query.get("direction") == "asc"
        rows = [row for row in self.rows if row["time"] >= since]
        # Ties in an order that changes from query to query, as a database may answer.
        self.rows.reverse()
        rows.sort(key=lambda row: row["time"], reverse=not oldest_first)
        first = query.get("first", 0)
        return rows[first : first + query["max"]]


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def feed(events: Events) -> Feed:
    return Feed(events, "admin-events")


async def _names(feed: Feed, cursor: Cursor, *, settled: bool = False) -> tuple[list[str], Cursor]:
    reading = await feed.read(cursor, settled=settled)
    assert not reading.cleared
    return [event["id"] for event in reading.events], reading.cursor


async def test_what_was_there_before_is_not_told(events: Events, feed: Feed) -> None:
    events.add("old", 0)
    events.add("older", -3000)
    cursor = await feed.begin()
    events.add("new", 10)

    assert (await _names(feed, cursor))[0] == ["new"]


async def test_an_event_is_told_once(events: Events, feed: Feed) -> None:
    cursor = await feed.begin()
    events.add("a", 0)
    told, cursor = await _names(feed, cursor)
    again, cursor = await _names(feed, cursor)
    settled, _ = await _names(feed, cursor, settled=True)

    assert (told, again, settled) == (["a"], [], [])


async def test_an_event_that_became_visible_late_is_told(events: Events, feed: Feed) -> None:
    events.add("quick", 5000)
    cursor = await feed.begin()
    events.add("slow", 0)

    assert (await _names(feed, cursor))[0] == ["slow"]


async def test_two_events_of_one_millisecond_are_both_told(events: Events, feed: Feed) -> None:
    events.add("a", 0)
    cursor = await feed.begin()
    events.add("b", 0)

    assert (await _names(feed, cursor, settled=True))[0] == ["b"]


async def test_an_empty_list_is_followed_from_its_beginning(events: Events, feed: Feed) -> None:
    cursor = await feed.begin()
    assert cursor == Cursor()
    events.add("first", -50_000)

    assert (await _names(feed, cursor))[0] == ["first"]


async def test_a_long_list_is_read_to_its_end_across_equal_times(
    events: Events, feed: Feed
) -> None:
    events.add("anchor", 0)
    cursor = await feed.begin()
    for number in range(2600):
        events.add(f"e{number}", 1 + number // 40)
    told, cursor = await _names(feed, cursor)

    assert sorted(told) == sorted(f"e{number}" for number in range(2600))
    assert (await _names(feed, cursor))[0] == []


async def test_a_cleared_list_is_noticed_and_followed_on(events: Events, feed: Feed) -> None:
    events.add("a", 0)
    cursor = await feed.begin()
    events.rows.clear()
    events.add("b", 100)

    reading = await feed.read(cursor, settled=True)
    assert reading.cleared
    assert [event["id"] for event in reading.events] == ["b"]
    events.add("c", 200)
    assert (await _names(feed, reading.cursor))[0] == ["c"]


async def test_a_list_cleared_to_nothing_is_noticed_once(events: Events, feed: Feed) -> None:
    events.add("a", 0)
    cursor = await feed.begin()
    events.rows.clear()

    reading = await feed.read(cursor, settled=False)
    assert reading.cleared
    assert (await _names(feed, reading.cursor))[0] == []


async def test_what_is_remembered_stays_small(events: Events, feed: Feed) -> None:
    cursor = await feed.begin()
    for number in range(100):
        events.add(f"e{number}", number * 1000)
        _, cursor = await _names(feed, cursor)

    assert len(cursor.told) <= 11
