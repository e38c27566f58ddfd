"""Sign-in by QR code against sign-in by password at Keycloak, one after the other by turns.

The time is from the first request to the portal's home page without the person's own. CPU time is
read of the bridge's and Keycloak's processes between the sign-ins; what they use when idle is
measured first and taken off.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.browser import Browser, NotSignedInError, RefusedError, Took
from benchmarks.figures import Figure, Ratio, percentile
from benchmarks.processes import cpu_seconds
from benchmarks.stack import Stack
from idp_bridge.local.phone import Phone

_WARM_UP = 5
_IDLE = 5.0
_MOST_REFUSALS = 20


@dataclass(frozen=True, slots=True)
class Login:
    """One sign-in and the CPU seconds that it took."""

    took: Took
    bridge: float
    keycloak: float


@dataclass(frozen=True, slots=True)
class Round:
    """One run: as many sign-ins of each kind, by turns."""

    qr: tuple[Login, ...]
    password: tuple[Login, ...]
    failed: int


class Logins:
    """Signs one resident in, again and again, each time in a fresh browser."""

    def __init__(self, stack: Stack, phone: Phone) -> None:
        self._stack = stack
        self._phone = phone
        self._idle = (0.0, 0.0)
        self._failed = 0

    async def warm_up(self) -> None:
        """Let caches fill and Keycloak's compiler work; then see what rest costs."""
        for _ in range(_WARM_UP):
            await self._password()
            await self._qr()
        before, began = self._cpu(), time.monotonic()
        await asyncio.sleep(_IDLE)
        rest = time.monotonic() - began
        bridge, keycloak = ((b - a) / rest for a, b in zip(before, self._cpu(), strict=True))
        self._idle = (bridge, keycloak)

    async def round(self, count: int) -> Round:
        """``count`` sign-ins of each kind."""
        qr, password = [], []
        self._failed = 0
        for _ in range(count):
            password.append(await self._password())
            qr.append(await self._qr())
        return Round(tuple(qr), tuple(password), self._failed)

    async def _password(self) -> Login:
        person = self._stack.resident()
        async with Browser(self._stack.settings) as browser:
            before, began = self._cpu(), time.monotonic()
            took = await browser.by_password(person["username"], person["password"])
            return self._login(took, before, began)

    async def _qr(self) -> Login:
        for _ in range(_MOST_REFUSALS):
            async with Browser(self._stack.settings) as browser:
                before, began = self._cpu(), time.monotonic()
                try:
                    took = await browser.by_qr(self._phone)
                    return self._login(took, before, began)
                except RefusedError as refused:
                    if not refused.wait:
                        raise
                    # A stack with its usual limits: the refused start does not count.
                    await asyncio.sleep(refused.wait)
                except NotSignedInError as failed:
                    print(f"QR sign-in: {failed}", file=sys.stderr)
                    self._failed += 1
        raise RuntimeError("the bridge refuses to start")

    def _login(self, took: Took, before: tuple[float, ...], began: float) -> Login:
        lasted = time.monotonic() - began
        used = (
            after - earlier - idle * lasted
            for after, earlier, idle in zip(self._cpu(), before, self._idle, strict=True)
        )
        return Login(took, *used)

    def _cpu(self) -> tuple[float, float]:
        return cpu_seconds(self._stack.bridge), cpu_seconds(self._stack.keycloak)


async def rounds(stack: Stack, runs: int, count: int) -> list[Round]:
    """All runs on one warm stack, with one phone."""
    person = stack.resident()
    with tempfile.TemporaryDirectory() as folder:
        phone = Phone(portal=stack.settings.resident_url, key_file=Path(folder) / "phone.pem")
        try:
            await phone.sign_in(person["username"], person["password"])
            logins = Logins(stack, phone)
            await logins.warm_up()
            return [await logins.round(count) for _ in range(runs)]
        finally:
            await phone.close()


def time_rows(done: Sequence[Round]) -> list[str]:
    """End to end, and without the wait for the notice, which overlaps with the person's reading."""
    table = []
    for part, name in ((0.5, "p50"), (0.99, "p99")):
        qr = Figure(f"QR sign-in, {name}", "ms", _times(done, "qr", part))
        own = tuple(_at([x.took.total - x.took.notice for x in r.qr], part) for r in done)
        requests = Figure(f"QR sign-in without the wait for the notice, {name}", "ms", own)
        password = Figure(f"Password sign-in, {name}", "ms", _times(done, "password", part))
        table += [qr.row(), requests.row(), password.row()]
        table.append(Ratio.of(f"QR / password, {name}", qr, password).row())
        table.append(Ratio.of(f"QR without notice / password, {name}", requests, password).row())
    failed = tuple(float(r.failed) for r in done)
    return [*table, Figure("QR sign-ins that failed and were repeated", "", failed).row()]


def cpu_rows(done: Sequence[Round]) -> list[str]:
    """Means of each run: a reading is no finer than 10 ms."""
    bridge = Figure("Bridge per QR sign-in", "ms", _cpu(done, "qr", "bridge"))
    keycloak = Figure("Keycloak per QR sign-in", "ms", _cpu(done, "qr", "keycloak"))
    portal = Figure("Bridge (portal) per password sign-in", "ms", _cpu(done, "password", "bridge"))
    peer = Figure("Keycloak per password sign-in", "ms", _cpu(done, "password", "keycloak"))
    ratio = Ratio.of("bridge per QR / Keycloak per password sign-in", bridge, peer)
    same = Ratio.of("Keycloak per QR / Keycloak per password sign-in", keycloak, peer)
    figures = (bridge, keycloak, portal, peer, ratio, same)
    return [figure.row() for figure in figures]


def _times(done: Sequence[Round], kind: str, part: float) -> tuple[float, ...]:
    return tuple(_at([x.took.total for x in getattr(r, kind)], part) for r in done)


def _at(seconds: Sequence[float], part: float) -> float:
    return percentile(seconds, part) * 1000


def _cpu(done: Sequence[Round], kind: str, process: str) -> tuple[float, ...]:
    used = ([getattr(login, process) for login in getattr(r, kind)] for r in done)
    return tuple(sum(each) / len(each) * 1000 for each in used)
