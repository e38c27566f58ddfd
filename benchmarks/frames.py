"""Status answers (the code a page shows) per second of one core, against a bare ASGI application.

Both run on the same server and answer the same bytes; the client is the same. The rate counts the
server's own CPU time, so that other work on the machine does not change it.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from benchmarks.figures import Figure, Ratio
from benchmarks.processes import cpu_seconds, redis, server
from benchmarks.waiting import RULES, Page, shown_codes
from idp_bridge.core.cookies import browser_cookie
from idp_bridge.core.qr_flow import Flows
from idp_bridge.store.moves import LocalMoves
from idp_bridge.store.redis import RedisStore

_PAGES = 6000
_CONNECTIONS = 16
_WARM, _SECONDS = 1.0, 3.0


@dataclass(frozen=True, slots=True)
class Served:
    """What one server answered, by its own CPU time and by the clock."""

    per_core_second: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Round:
    """One run of both."""

    bridge: Served
    bare: Served


def _asking(port: int, page: Page) -> bytes:
    name = browser_cookie(f"http://localhost:{port}")
    lines = (
        f"GET /qr/status?i={page.interaction} HTTP/1.1",
        f"Host: localhost:{port}",
        f"Cookie: {name}={page.browser}",
        "Accept: application/json",
    )
    return "\r\n".join((*lines, "", "")).encode()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"not a status: {head[:60]!r}")
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    return await reader.readexactly(length)


async def _ask(port: int, requests: Iterator[bytes], until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    try:
        while time.monotonic() < until:
            writer.write(next(requests))
            await _answer(reader)
            count += 1
        return count
    finally:
        writer.close()


async def _first(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await _answer(reader)
    finally:
        writer.close()


async def _load(port: int, requests: Iterator[bytes], seconds: float) -> int:
    until = time.monotonic() + seconds
    asks = (_ask(port, requests, until) for _ in range(_CONNECTIONS))
    return sum(await asyncio.gather(*asks))


async def _served(pid: int, port: int, pages: Sequence[Page]) -> Served:
    # Every page polls again only after a round of all the others: nobody is told to slow down.
    requests = cycle([_asking(port, page) for page in pages])
    await _load(port, requests, _WARM)
    began, spent = time.monotonic(), cpu_seconds(pid)
    count = await _load(port, requests, _SECONDS)
    took, used = time.monotonic() - began, cpu_seconds(pid) - spent
    return Served(count / used, count / took)


async def one_round() -> Round:
    """Each server in turn."""
    with ExitStack() as stack:
        address = stack.enter_context(redis())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        store = RedisStore(address)
        with server("bridge", address, str(Path(folder))) as (pid, port):
            pages = await shown_codes(Flows(store, RULES, LocalMoves()), _PAGES)
            body = await _first(port, _asking(port, pages.pop()))
            bridge = await _served(pid, port, pages)
        with server("bare", body.decode()) as (pid, port):
            bare = await _served(pid, port, pages)
        await store.close()
        return Round(bridge, bare)


def rows(rounds: Sequence[Round]) -> list[str]:
    """The table of the report."""
    table = []
    for field, what in (
        ("per_core_second", "per second of one core"),
        ("per_second", "per second by the clock"),
    ):
        ours = Figure(
            f"Status answers {what}, bridge",
            "1/s",
            tuple(getattr(r.bridge, field) for r in rounds),
        )
        bare = Figure(
            f"The same bytes {what}, bare ASGI",
            "1/s",
            tuple(getattr(r.bare, field) for r in rounds),
        )
        ratio = Ratio.of(f"bridge / bare ASGI, {what}", ours, bare)
        table += [ours.row(), bare.row(), ratio.row()]
    return table
