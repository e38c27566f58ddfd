"""Pages that wait for a phone: what each costs the bridge in memory, and when it learns of a scan.

A page is a connection to ``/qr/events`` with a flow of its own in Redis. Each run opens them all at
the bridge, at a bare ASGI application on the same server, and as bare asyncio connections.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.figures import Figure, Ratio, percentile
from benchmarks.processes import cpu_seconds, redis, resident_bytes, server
from idp_bridge.core.clock import system_clock
from idp_bridge.core.cookies import browser_cookie
from idp_bridge.core.qr_flow import Flow, Flows, Place, Rules, State
from idp_bridge.core.secret import digest, new_token
from idp_bridge.store.moves import RedisMoves
from idp_bridge.store.redis import RedisStore

RULES = Rules(flow_ttl=timedelta(seconds=300))
_AT_ONCE = 200
_SCANS = 200
_SETTLE = 5.0
_OPEN_PATIENCE, _NOTICE_PATIENCE = 150.0, 30.0


@dataclass(frozen=True, slots=True)
class Page:
    """What one browser holds."""

    interaction: str
    browser: str


@dataclass(frozen=True, slots=True)
class Held:
    """What so many open connections cost one server."""

    opened: int
    bytes_each: float
    cpu_share: float
    opening: float
    notices: tuple[float, ...] = ()
    lost: int = 0


Asking = Callable[[int, Page], bytes]
"""The request of a page at a port."""


async def shown_codes(flows: Flows, count: int) -> list[Page]:
    """Flows that wait in the store, each for a browser of its own."""
    pages = [Page(new_token(), new_token()) for _ in range(count)]
    for part in parts_of(pages, _AT_ONCE):
        await asyncio.gather(*(flows.begin(_flow(page)) for page in part))
    return pages


def parts_of(pages: Sequence[Page], size: int) -> list[Sequence[Page]]:
    return [pages[start : start + size] for start in range(0, len(pages), size)]


def _flow(page: Page) -> Flow:
    now = system_clock().timestamp()
    place = Place("Chrome", "Windows", "", "10.0.0.0/24")
    return Flow(
        id=digest(page.interaction)[:32],
        key=digest(page.browser),
        interaction=digest(page.interaction),
        browser=digest(page.browser),
        realm="residents",
        client_id="keycloak-residents",
        created=now,
        since=now,
        place=place,
    )


class _Connection(asyncio.Protocol):
    """A page's end: notes when it first hears, when it hears of a scan, when it is cut off."""

    def __init__(self, page: Page, request: bytes) -> None:
        self.page = page
        self._request = request
        self.transport: asyncio.Transport | None = None
        self.heard = asyncio.Event()
        self.over = asyncio.Event()
        self.answered = not request
        self.told: float | None = None
        self.cut = False

    @property
    def waits(self) -> bool:
        """Whether the server answered and holds it still."""
        return self.answered and not self.cut

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)
        if self.answered:
            self.heard.set()

    def data_received(self, data: bytes) -> None:
        if b"data: {" in data:
            self.answered = True
            self.heard.set()
        if b'"scanned"' in data:
            self.told = time.monotonic()
            self.over.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.cut = True
        self.heard.set()
        self.over.set()


async def _open(port: int, pages: Sequence[Page], asking: Asking) -> list[_Connection]:
    """All connections; those that heard nothing in time are there too."""
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(_AT_ONCE)
    made: list[_Connection] = []

    async def one(page: Page) -> None:
        async with slots:
            connection = _Connection(page, asking(port, page))
            made.append(connection)
            await loop.create_connection(lambda: connection, "127.0.0.1", port)
            await connection.heard.wait()

    waits = [asyncio.create_task(one(page)) for page in pages]
    _, late = await asyncio.wait(waits, timeout=_OPEN_PATIENCE)
    for task in late:
        task.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    return made


def _nothing(_port: int, _page: Page) -> bytes:
    return b""


def _asking(port: int, page: Page) -> bytes:
    name = browser_cookie(f"http://localhost:{port}")
    lines = (
        f"GET /qr/events?i={page.interaction} HTTP/1.1",
        f"Host: localhost:{port}",
        f"Cookie: {name}={page.browser}",
        "Accept: text/event-stream",
    )
    return "\r\n".join((*lines, "", "")).encode()


async def _held(
    pid: int, port: int, pages: Sequence[Page], asking: Asking, flows: Flows | None = None
) -> Held:
    before, asked = resident_bytes(pid), time.monotonic()
    connections = await _open(port, pages, asking)
    try:
        began, spent = time.monotonic(), cpu_seconds(pid)
        await asyncio.sleep(_SETTLE)
        share = (cpu_seconds(pid) - spent) / (time.monotonic() - began)
        opened = sum(connection.waits for connection in connections)
        each = (resident_bytes(pid) - before) / max(1, opened)
        notices = await _notices(flows, connections) if flows else ()
        lost = sum(connection.cut for connection in connections)
        return Held(opened, each, share, began - asked, notices, lost)
    finally:
        for connection in connections:
            if connection.transport:
                connection.transport.abort()


async def _notices(flows: Flows, connections: Sequence[_Connection]) -> tuple[float, ...]:
    """Phones scan some of the codes, by the move that a scan makes: how late their pages know."""
    waiting = [connection for connection in connections if connection.waits]
    scanned: list[tuple[_Connection, float]] = []
    for connection in waiting[:: max(1, len(waiting) // _SCANS)]:
        flow = await flows.of(digest(connection.page.interaction))
        await flows.move(flow, flow.moved(State.SCANNED, system_clock()))
        scanned.append((connection, time.monotonic()))
        await asyncio.sleep(0.01)
    news = [asyncio.create_task(connection.over.wait()) for connection, _ in scanned]
    if news:
        _, late = await asyncio.wait(news, timeout=_NOTICE_PATIENCE)
        for task in late:
            task.cancel()
    return tuple(connection.told - at for connection, at in scanned if connection.told)


@dataclass(frozen=True, slots=True)
class Round:
    """One run of all three."""

    bridge: Held
    bare: Held
    sockets: Held


async def one_round(count: int) -> Round:
    """Open ``count`` pages at each server in turn."""
    with ExitStack() as stack:
        address = stack.enter_context(redis())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = RedisStore(address)
        moves = RedisMoves(address)
        flows = Flows(store, RULES, moves)
        with server("sockets") as (pid, port):
            nobody = [Page(new_token(), new_token()) for _ in range(count)]
            sockets = await _held(pid, port, nobody, _nothing)
        with server("bare", "{}") as (pid, port):
            bare = await _held(pid, port, nobody, _asking)
        with server("bridge", address, str(folder)) as (pid, port):
            pages = await shown_codes(flows, count)
            bridge = await _held(pid, port, pages, _asking, flows)
        await store.close()
        await moves.close()
        return Round(bridge, bare, sockets)


def rows(rounds: Sequence[Round]) -> list[str]:
    """The table of the report."""
    names = ("bare ASGI stream, same server", "bare asyncio connection")
    ours = _memory(rounds, "bridge", "bridge")
    bare, sockets = (
        _memory(rounds, name, field) for name, field in zip(names, ("bare", "sockets"), strict=True)
    )
    table = [
        Figure("Pages that the bridge answered and held", "", _each(rounds, "opened")).row(),
        Figure("Time to open them", "s", _each(rounds, "opening")).row(),
        ours.row(),
        bare.row(),
        sockets.row(),
        Ratio.of(f"bridge / {names[0]}", ours, bare).row(),
        Ratio.of(f"bridge / {names[1]}", ours, sockets).row(),
        Figure("CPU of the bridge while all wait", "cores", _each(rounds, "cpu_share")).row(),
    ]
    return table + _notice_rows(rounds)


def _notice_rows(rounds: Sequence[Round]) -> list[str]:
    table = []
    for part in (0.5, 0.99):
        known = tuple(percentile(r.bridge.notices, part) for r in rounds if r.bridge.notices)
        if known:
            table.append(Figure(f"Scan to notice, p{part * 100:.0f}", "s", known).row())
    told = Figure("Scans that their pages learned of", "", _counts(rounds))
    lost = Figure("Pages that the bridge refused or cut off", "", _each(rounds, "lost"))
    return [*table, told.row(), lost.row()]


def _memory(rounds: Sequence[Round], name: str, field: str) -> Figure:
    each = tuple(getattr(r, field).bytes_each / 1000 for r in rounds)
    return Figure(f"Memory per page, {name}", "kB", each)


def _counts(rounds: Sequence[Round]) -> tuple[float, ...]:
    return tuple(float(len(r.bridge.notices)) for r in rounds)


def _each(rounds: Sequence[Round], name: str) -> tuple[float, ...]:
    return tuple(float(getattr(r.bridge, name)) for r in rounds)
