"""``make bench``: measure everything and write RESULTS.md. It stops by itself.

``--part forward-auth`` or ``--part sign-in`` measures the one and leaves the other's chapter alone.
Load goes to loopback only, and every process that is started here has ended when this ends.
``IDP_BRIDGE_STACK=<data folder>`` signs in at a stack that is running already.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from typing import TypeVar

from benchmarks import forward_auth, frames, logins, report, waiting
from benchmarks.processes import allow_many_files
from benchmarks.stack import real_stack

_RESERVED_FILES = 500

_SIGN_IN = """{count} sign-ins of each kind a run, QR and password by turns, each in a fresh
browser (httpx: pages and the calls of their scripts, no images) from `/login` of the resident
portal to its home page. The person's own time is excluded: no typing, and the bridge's enforced
think time of {think:g} s is taken off. The QR sign-in includes the phone's three calls and its
signatures. The notice (until the waiting page learns that the phone approved) is given apart as
well: a person is reading the digits off the phone meanwhile. With fewer than 100 sign-ins a run,
p99 is the slowest of the run."""
_CPU = """CPU time of the bridge's and of Keycloak's process in the same sign-ins, mean of a run,
less what they use at rest. The bridge is the portal in both kinds."""
_WAITING = """{runs} runs of {count:,} pages asked for, each a connection to `/qr/events` with a
flow of its own in Redis, at the bridge's whole front on uvicorn (one process, one core at most).
Memory is resident memory with the pages open less that before, per page held. 200 codes are then
scanned (the record's move, as the phone's call makes it). {limit}"""
_FRAMES = """`/qr/status` of pages that wait, over 16 kept-alive connections: the code's present
frame, its times and the state, read from Redis. The peer answers the same bytes on the same
server and reads nothing. Per second of one core counts the server's own CPU time."""

Round = TypeVar("Round")
Loads = list[tuple[float, float, float]]


def main() -> None:
    """Measure and write."""
    asked = _asked()
    if asked.part != "forward-auth":
        _sign_in(asked)
    if asked.part != "sign-in":
        print(forward_auth.measured(asked.runs, asked.seconds, asked.note))


def _sign_in(asked: argparse.Namespace) -> None:
    limit = allow_many_files() - _RESERVED_FILES
    pages = min(asked.pages, limit)
    cut = f"The limit on open files allowed {pages:,}." if pages < asked.pages else ""
    loads = [os.getloadavg()]
    with real_stack() as stack:
        signed_in = asyncio.run(logins.rounds(stack, asked.runs, asked.logins))
        think = stack.settings.qr.think_time.total_seconds()
        versions = {"Keycloak": stack.version.rpartition(" ")[2]}
    method = _SIGN_IN.format(count=asked.logins, think=think)
    sections = [
        ("QR sign-in end to end", method, logins.time_rows(signed_in)),
        ("CPU per sign-in", _CPU, logins.cpu_rows(signed_in)),
    ]
    loads.append(os.getloadavg())
    served = _several("frames", asked.runs, frames.one_round, loads)
    sections.append(("Frames served", _FRAMES, frames.rows(served)))
    _write(asked, report.machine(versions, loads, asked.note), sections)
    held = _several("waiting pages", asked.page_runs, lambda: waiting.one_round(pages), loads)
    method = _WAITING.format(runs=asked.page_runs, count=pages, limit=cut).strip()
    sections.append(("Waiting pages", method, waiting.rows(held)))
    print(_write(asked, report.machine(versions, loads, asked.note), sections))


def _write(
    asked: argparse.Namespace, facts: dict[str, str], sections: list[tuple[str, str, list[str]]]
) -> str:
    return report.write(report.SIGN_IN, asked.runs, facts, sections)


def _several(
    what: str, runs: int, one: Callable[[], Coroutine[None, None, Round]], loads: Loads
) -> list[Round]:
    done = []
    for number in range(runs):
        print(f"{what}: run {number + 1} of {runs}", file=sys.stderr)
        done.append(asyncio.run(one()))
        loads.append(os.getloadavg())
    return done


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--part", choices=("all", "sign-in", "forward-auth"), default="all")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of load on each server a run")
    parser.add_argument("--logins", type=int, default=40, help="of each kind a run")
    parser.add_argument("--page-runs", type=int, default=3, help="runs with all pages waiting")
    parser.add_argument("--pages", type=int, default=10_000, help="that wait at once")
    parser.add_argument("--note", default="not told", help="what else the machine does meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
