"""The drivers that run one flow with and without ``async``."""

import asyncio

import httpx
import pytest

from idp_bridge_adapters.errors import Unreachable
from idp_bridge_adapters.steps import AsyncDriver, Blocking, Driver, Fetch, Pause, Steps, Stored
from idp_bridge_adapters.stores import MemoryStore


def broken(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("away")


def asking() -> Steps[int]:
    answer = yield Fetch("GET", "https://idp.test/")
    return int(answer.status)


def recovering() -> Steps[str]:
    try:
        yield Fetch("GET", "https://idp.test/")
    except Unreachable:
        yield Stored("put", ("key", b"seen", 60))
    return str((yield Stored("get", ("key",))))


def failing() -> Steps[None]:
    yield Blocking(lambda: 1 / 0)


def test_what_is_not_reached_is_told_to_the_flow_which_may_go_on():
    http = httpx.Client(transport=httpx.MockTransport(broken))

    assert Driver(MemoryStore(), http).run(recovering()) == "b'seen'"


async def test_and_the_same_in_an_event_loop():
    http = httpx.AsyncClient(transport=httpx.MockTransport(broken))
    driver = AsyncDriver(MemoryStore(), http)

    assert await driver.run(recovering()) == "b'seen'"
    with pytest.raises(Unreachable):
        await driver.run(asking())


async def test_what_goes_wrong_in_a_step_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        Driver(MemoryStore(), httpx.Client()).run(failing())
    with pytest.raises(ZeroDivisionError):
        await AsyncDriver(MemoryStore(), httpx.AsyncClient()).run(failing())


async def test_a_visitor_who_leaves_does_not_interrupt_a_flow_half_way():
    """Else a refresh token would be used up and its successor lost."""
    store, started, finished = MemoryStore(), asyncio.Event(), asyncio.Event()

    def flow() -> Steps[None]:
        started.set()
        yield Pause(0.01)
        yield Stored("put", ("key", b"done", 60))
        finished.set()

    visitor = asyncio.ensure_future(AsyncDriver(store, httpx.AsyncClient()).run(flow()))
    await started.wait()
    visitor.cancel()
    with pytest.raises(asyncio.CancelledError):
        await visitor

    await asyncio.wait_for(finished.wait(), 5)
    assert store.get("key") == b"done"


def test_an_answer_that_is_no_json_object_is_empty():
    for body in ("", "<html>", "[1]", "null"):
        transport = httpx.MockTransport(lambda _request, body=body: httpx.Response(200, text=body))

        def flow() -> Steps[object]:
            answer = yield Fetch("POST", "https://idp.test/", {"a": "b"}, ("id", "s:e c"))
            return answer.body

        assert Driver(MemoryStore(), httpx.Client(transport=transport)).run(flow()) == {}
