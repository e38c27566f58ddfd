"""Sign-in by QR code against sign-in by password at Keycloak, one after the other by turns.

The time is from the first request to the portal's home page without the person's own. CPU time is
read of the bridge's and Keycloak's processes between the sign-ins; what they use at rest,
measured in between as well, is taken off.
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
_REST = 1.0
_MOST_REFUSALS = 20
_BRIDGE, _KEYCLOAK = 0, 1

Cpu = tuple[float, float]
"""Seconds of the bridge and of Keycloak."""


@dataclass(frozen=True, slots=True)
class Login:
    """One sign-in: its time, the CPU seconds meanwhile, and how long these were counted."""

    took: Took
    used: Cpu
    lasted: float


@dataclass(frozen=True, slots=True)
class Round:
    """One run: as many sign-ins of each kind, by turns; ``rest`` is the CPU use in between."""

    qr: tuple[Login, ...]
    password: tuple[Login, ...]
    rest: Cpu
    failed: int

    def cpu(self, kind: str, process: int) -> float:
        """Mean CPU seconds of a sign-in without what the process uses at rest."""
        logins: tuple[Login, ...] = getattr(self, kind)
        used = (login.used[process] - self.rest[process] * login.lasted for login in logins)
        return sum(used) / len(logins)


class Logins:
    """Signs one resident in, again and again, each time in a fresh browser."""

    def __init__(self, stack: Stack, phone: Phone) -> None:
        self._stack = stack
        self._phone = phone
        self._failed = 0

    async def round(self, count: int) -> Round:
        """``count`` sign-ins of each kind."""
        qr, password, rests = [], [], []
        self._failed = 0
        for _ in range(count):
            password.append(await self._password())
            qr.append(await self._qr())
            rests.append(await self._rest())
        bridge, keycloak = (sum(each) / len(rests) for each in zip(*rests, strict=True))
        return Round(tuple(qr), tuple(password), (bridge, keycloak), self._failed)

    async def _rest(self) -> Cpu:
        before, began = self._cpu(), time.monotonic()
        await asyncio.sleep(_REST)
        used, lasted = self._since(before), time.monotonic() - began
        return used[0] / lasted, used[1] / lasted

    async def _password(self) -> Login:
        person = self._stack.resident()
        async with Browser(self._stack.settings) as browser:
            before, began = self._cpu(), time.monotonic()
            took = await browser.by_password(person["username"], person["password"])
            return Login(took, self._since(before), time.monotonic() - began)

    async def _qr(self) -> Login:
        for _ in range(_MOST_REFUSALS):
            async with Browser(self._stack.settings) as browser:
                before, began = self._cpu(), time.monotonic()
                try:
                    took = await browser.by_qr(self._phone)
                    return Login(took, self._since(before), time.monotonic() - began)
                except RefusedError as refused:
                    if not refused.wait:
                        raise
                    # A stack with its usual limits: the refused start does not count.
                    await asyncio.sleep(refused.wait)
                except NotSignedInError as failed:
                    print(f"QR sign-in: {failed}", file=sys.stderr)
                    self._failed += 1
        raise RuntimeError("no QR sign-in succeeds")

    def _cpu(self) -> Cpu:
        return cpu_seconds(self._stack.bridge), cpu_seconds(self._stack.keycloak)

    def _since(self, before: Cpu) -> Cpu:
        bridge, keycloak = self._cpu()
        return bridge - before[0], keycloak - before[1]


async def rounds(stack: Stack, runs: int, count: int) -> list[Round]:
    """All runs on one warm stack, with one phone."""
    person = stack.resident()
    with tempfile.TemporaryDirectory() as folder:
        phone = Phone(portal=stack.settings.resident_url, key_file=Path(folder) / "phone.pem")
        try:
            await phone.sign_in(person["username"], person["password"])
            logins = Logins(stack, phone)
            # Caches fill, and Keycloak's compiler works.
            await logins.round(_WARM_UP)
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
    bridge = Figure("Bridge per QR sign-in", "ms", _cpu(done, "qr", _BRIDGE))
    keycloak = Figure("Keycloak per QR sign-in", "ms", _cpu(done, "qr", _KEYCLOAK))
    portal = Figure("Bridge (portal) per password sign-in", "ms", _cpu(done, "password", _BRIDGE))
    peer = Figure("Keycloak per password sign-in", "ms", _cpu(done, "password", _KEYCLOAK))
    ratio = Ratio.of("bridge per QR / Keycloak per password sign-in", bridge, peer)
    same = Ratio.of("Keycloak per QR / Keycloak per password sign-in", keycloak, peer)
    figures = (bridge, keycloak, portal, peer, ratio, same)
    return [figure.row() for figure in figures]


def _times(done: Sequence[Round], kind: str, part: float) -> tuple[float, ...]:
    return tuple(_at([x.took.total for x in getattr(r, kind)], part) for r in done)


def _at(seconds: Sequence[float], part: float) -> float:
    return percentile(seconds, part) * 1000


def _cpu(done: Sequence[Round], kind: str, process: int) -> tuple[float, ...]:
    return tuple(r.cpu(kind, process) * 1000 for r in done)
