"""The short way through uvicorn's protocol and the ASGI way answer the same bytes alike."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from idp_bridge.endpoints.forward_auth import Gate
from idp_bridge.endpoints.forward_auth_answers import Ready
from idp_bridge.endpoints.forward_auth_protocol import GateProtocol
from tests.endpoints.gate_world import (
    DIALECTS,
    HOST,
    PAGE,
    SCRIPT,
    SITE,
    GateWorld,
    Visitor,
    asked,
)
from tests.endpoints.test_forward_auth_attacks import MALFORMED_PATHS, PLAIN_PATHS

LOOPBACK = ip_network("127.0.0.0/8")


class Watched(Gate):
    """Counts what was answered out of memory."""

    short = 0

    def at_once(self, *request: Any) -> Ready | None:
        answer = super().at_once(*request)
        self.short += answer is not None
        return answer


@dataclass
class Served:
    """The same gate behind both protocols, with somebody signed in."""

    world: GateWorld
    visitor: Visitor
    gate: Watched
    short: int
    long: int


@asynccontextmanager
async def listening(gate: Gate, protocol: Any, at: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        gate,
        http=protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve([at]))
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await running


def free_socket() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


@pytest.fixture
async def served(keys_folder: Path) -> AsyncIterator[Served]:
    world = GateWorld(keys_folder)
    await world.heard()
    visitor = world.at()
    await visitor.sign_in()
    made = world.gate
    gate = Watched(made._decision, made._pages, made._site, [LOOPBACK], {})
    short, long = free_socket(), free_socket()
    ports = short.getsockname()[1], long.getsockname()[1]
    async with listening(gate, GateProtocol, short), listening(gate, "httptools", long):
        yield Served(world, visitor, gate, *ports)


async def wire(port: int, data: bytes, *, eof: bool = False) -> bytes:
    """Send bytes; all that came until the other side closed. ``eof``: no more will be sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if eof:
        writer.write_eof()
    came = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return came


def request(visitor: Visitor, wanted: str, method: str, dialect: str, **more: str) -> bytes:
    """A proxy's question as bytes, after which the connection is kept."""
    verb, url, headers = asked(SITE, wanted, method, dialect)
    said = [*headers, *PAGE.items(), ("cookie", visitor.cookie), *more.items()]
    lines = "".join(f"{name.title()}: {value}\r\n" for name, value in said)
    return f"{verb} {url} HTTP/1.1\r\n{lines}\r\n".encode()


async def both(served: Served, data: bytes) -> tuple[bytes, bytes]:
    """What each way answers; a second question behind the first shows that the line still works."""
    last = b"GET /forward-auth/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    short, long = await asyncio.gather(
        wire(served.short, data + last), wire(served.long, data + last)
    )
    return short, long


async def test_whoever_is_let_in_gets_the_same_bytes_on_both_ways(served: Served):
    for dialect in DIALECTS:
        await served.visitor.ask("/tasks", dialect=dialect)
        before = served.gate.short
        short, long = await both(served, request(served.visitor, "/tasks", "GET", dialect))

        assert short == long
        assert short.startswith(b"HTTP/1.1 200 OK\r\n")
        # Out of memory both times, and on the short way without the application.
        assert served.gate.short == before + 2


async def test_the_whole_corpus_is_decided_alike_on_both_ways(served: Served):
    paths = (
        *PLAIN_PATHS,
        *MALFORMED_PATHS,
        "/admin/a",
        "/secret/a",
        "/ADMIN/a",
        "/a?b#c",
        "/?x=/..",
    )
    statuses = set()

    for dialect in DIALECTS:
        for path in paths:
            data = request(served.visitor, path, "GET", dialect)
            # The first time on the long way, the second out of memory.
            for _ in range(2):
                short, long = await both(served, data)
                assert short == long, (dialect, path)
            statuses |= set(re.findall(rb"HTTP/1\.1 (\d{3})", short))
    assert statuses >= {b"200", b"303", b"401", b"403"}
    assert served.gate.short > 0


@pytest.mark.parametrize(
    "unusual",
    [
        *({"content-length": "3"}, {"expect": "100-continue"}, {"connection": "close"}),
        *({"cookie": "a=1"}, {"x": "y" * 9000}),
        *({"x-original-url": "https://evil.test/"}, {"transfer-encoding": "chunked"}, SCRIPT),
    ],
)
async def test_the_unusual_is_answered_alike_on_both_ways(served: Served, unusual: dict[str, str]):
    await served.visitor.ask("/tasks")
    data = request(served.visitor, "/tasks", "GET", "nginx", **unusual)
    body = b"abc" if "content-length" in unusual else b""
    body = b"3\r\nabc\r\n0\r\n\r\n" if "transfer-encoding" in unusual else body

    short, long = await both(served, data + body)

    assert short == long
    assert short.startswith(b"HTTP/1.1 ")


async def test_a_check_that_asks_for_a_websocket_is_answered_and_the_line_is_given_up(
    served: Served,
):
    await served.visitor.ask("/live")
    upgrade = {"upgrade": "websocket", "connection": "upgrade"}
    data = request(served.visitor, "/live", "GET", "nginx", **upgrade)

    came = await wire(served.short, data)

    assert came.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in came


async def test_answers_keep_the_order_of_requests_that_come_at_once(served: Served):
    await served.visitor.ask("/tasks")
    quick = request(served.visitor, "/tasks", "GET", "nginx")
    page = f"GET /.idp-bridge/refused HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n\r\n"

    short, long = await both(served, quick + page.encode() + quick + quick + page.encode() + quick)

    assert re.findall(rb"HTTP/1\.1 (\d{3})", short) == [*b"200 403 200 200 403 200 403".split()]
    assert re.findall(rb"HTTP/1\.1 (\d{3})", long) == re.findall(rb"HTTP/1\.1 (\d{3})", short)


async def test_a_request_in_pieces_is_one_request(served: Served):
    await served.visitor.ask("/tasks")
    data = request(served.visitor, "/tasks", "GET", "nginx")
    reader, writer = await asyncio.open_connection("127.0.0.1", served.short)

    for start in range(0, len(data), 7):
        writer.write(data[start : start + 7])
        await writer.drain()
        await asyncio.sleep(0)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()


async def test_nonsense_on_the_line_is_never_200(served: Served):
    cookie = served.visitor.cookie.encode()
    for data in (
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"GET /forward-auth/nginx\r\n\r\n",
        b"GET /forward-auth/nginx HTTP/9.9\r\n\r\n",
        b"GET /forward-auth/nginx HTTP/1.1\r\nCookie : " + cookie + b"\r\n\r\n",
        b"GET /forward-auth/nginx HTTP/1.1\r\nX-Original-URL: " + b"a" * 100_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ):
        assert b"HTTP/1.1 200" not in await wire(served.short, data, eof=True)


async def test_word_of_a_change_is_in_force_on_the_short_way_too(served: Served):
    await served.visitor.ask("/tasks")
    data = request(served.visitor, "/tasks", "GET", "nginx")
    assert b"HTTP/1.1 200" in (await both(served, data))[0]

    await served.world.revocations.end_session("workers", "kc-session-1")

    short, long = await both(served, data)
    assert short == long
    assert short.startswith(b"HTTP/1.1 401")


async def one_by_one(port: int, *requests: bytes) -> list[bytes]:
    """Each request by itself on one connection; the heads of the answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heads = []
    for data in requests:
        writer.write(data)
        heads.append(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5))
        length = re.search(rb"content-length: (\d+)", heads[-1])
        await reader.readexactly(int(length[1]) if length else 0)
    writer.close()
    return heads


async def test_the_very_same_bytes_are_answered_alike_without_reading_them(served: Served):
    for dialect in DIALECTS:
        data = request(served.visitor, "/tasks", "GET", dialect)
        other = request(served.visitor, "/admin/a", "GET", dialect)
        [plain] = await one_by_one(served.long, data)
        read = served.gate.short
        heads = await one_by_one(served.short, data, data, data)
        assert set(heads) == {plain}
        # Once it was read, and twice not.
        assert served.gate.short <= read + 1

        [first, refused, last] = await one_by_one(served.short, data, other, data)
        assert first == last == plain
        assert refused.startswith(b"HTTP/1.1 403")


async def test_word_of_a_change_is_in_force_for_the_very_same_bytes_too(served: Served):
    data = request(served.visitor, "/tasks", "GET", "nginx")
    [_, before] = await one_by_one(served.short, data, data)
    assert before.startswith(b"HTTP/1.1 200")

    await served.world.revocations.stale_account("workers", "chen")
    served.world.person.apps = {}

    [after] = await one_by_one(served.short, data)
    assert after.startswith(b"HTTP/1.1 403")


async def test_the_very_same_bytes_from_a_stranger_are_not_known(served: Served):
    data = request(served.visitor, "/tasks", "GET", "nginx")
    await one_by_one(served.short, data, data)
    served.gate._trusted = (ip_network("10.0.0.0/24"),)
    served.gate._peers.clear()

    [answer] = await one_by_one(served.short, data)

    assert answer.startswith(b"HTTP/1.1 403")


async def test_known_bytes_within_another_request_are_no_request(served: Served):
    known = request(served.visitor, "/tasks", "GET", "nginx")
    await one_by_one(served.short, known, known)
    head = f"POST /.idp-bridge/sign-out HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
    outer = f"{head}Content-Length: {len(known)}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", served.short)

    # The body comes by itself, and would be a request that is known.
    writer.write(outer)
    refused = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert refused.startswith(b"HTTP/1.1 403")
    writer.write(known)
    # What is answered elsewhere meanwhile came later.
    await one_by_one(served.short, known)
    writer.write(b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    came = await asyncio.wait_for(reader.read(), 10)

    assert b"HTTP/1.1 200" not in came
    writer.close()


async def test_a_stranger_gets_nothing_on_the_short_way(served: Served):
    served.gate._trusted = (ip_network("10.0.0.0/24"),)
    served.gate._peers.clear()
    await served.visitor.ask("/tasks")
    short, long = await both(served, request(served.visitor, "/tasks", "GET", "nginx"))

    assert short == long
    assert b"HTTP/1.1 200" not in short


async def test_at_a_unix_socket_whoever_may_open_the_file_is_a_proxy(
    served: Served, tmp_path: Path
):
    served.gate._trusted = ()
    path = str(tmp_path / "gate.sock")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    await served.visitor.ask("/tasks")

    async with listening(served.gate, GateProtocol, listener):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(request(served.visitor, "/tasks", "GET", "nginx"))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()

    assert head.startswith(b"HTTP/1.1 200 OK")
    assert served.gate.short > 0


async def test_the_protocol_serves_a_gate_and_nothing_else():
    def another() -> None: ...

    config = uvicorn.Config(another, http=GateProtocol, lifespan="off", log_config=None)
    config.load()
    with pytest.raises(TypeError):
        GateProtocol(config, uvicorn.server.ServerState(), {})
