"""Forward-auth checks per second of one core: ours both ways, oauth2-proxy both ways, nginx itself.

All servers run for the whole time on one core, and are asked by turns by wrk on another: alone, as
a proxy asks them, and through nginx, as browsers do. Then what a session costs in memory.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import forward_auth_gate, forward_auth_memory, forward_auth_peers, report
from benchmarks.figures import Figure, Ratio
from benchmarks.forward_auth_load import CONNECTIONS, Answered, crowd, load
from benchmarks.forward_auth_peers import Peer
from benchmarks.processes import redis

OURS, BARE = "bridge", "bridge, bare ASGI"
COOKIE, REDIS = "oauth2-proxy, cookie store", "oauth2-proxy, Redis store"
FLOOR = "ASGI that answers at once"
CEILING = "nginx by itself"
_WARM = 1

_ALONE = """One somebody is signed in, and every check is theirs, over {connections} kept-alive
connections, {seconds} s of each by turns. The bridge answers `/forward-auth/nginx` with all
identity headers, the signed one too; oauth2-proxy answers `/oauth2/auth` with its own; nginx
answers 200 with nothing and stands for what this load can get at all. Each server has the same one
core, wrk another. *Bare ASGI* is uvicorn without the bridge's own subclass of its protocol; *ASGI
that answers at once* is an application there that decides nothing and gives everybody an answer
as long as ours."""
_CROWD = """{people} people are signed in, and each check is another person's for another page, so
that nothing but who they are can be remembered. The rest is as above."""
_THROUGH = """The same through nginx with `auth_request` and a pixel behind it. nginx (one worker)
and the server that it asks share the one core, so that the rate is that of both together."""
_MEMORY = """{SESSIONS:,} sessions of ours and {PEER_SESSIONS} of oauth2-proxy's are made, and what
memory grew by is scaled to {TOLD_FOR:,}. Redis: its data. The gate's process: resident memory when
each session has been checked once; it keeps 100,000 at most, the least recently used go first."""


@dataclass(slots=True)
class Rounds:
    """What each server answered, run by run."""

    alone: dict[str, list[Answered]] = field(default_factory=dict)
    crowd: dict[str, list[Answered]] = field(default_factory=dict)
    through: dict[str, list[Answered]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Servers:
    """All that are asked; ``through`` are nginx and what it asks, by the same names. ``scripts``
    play the crowds of those that know people."""

    alone: Mapping[str, Peer]
    through: Mapping[str, Peer]
    scripts: Mapping[str, str]


def measured(runs: int, seconds: int, note: str) -> str:
    """Measure, and write the chapter."""
    loads = [os.getloadavg()]
    rounds = Rounds()
    with _servers() as servers:
        for number in range(runs):
            print(f"forward-auth: run {number + 1} of {runs}", file=sys.stderr)
            _one_run(servers, rounds, seconds)
            loads.append(os.getloadavg())
    sections = [
        ("Checks", _ALONE.format(connections=CONNECTIONS, seconds=seconds), _rows(rounds.alone)),
        ("A crowd", _CROWD.format(people=forward_auth_peers.PEOPLE), _rows(rounds.crowd)),
        ("Through nginx", _THROUGH, _rows(rounds.through)),
        ("Memory", _MEMORY.format(**vars(forward_auth_memory)), forward_auth_memory.rows()),
    ]
    facts = report.machine(_versions(), loads, note)
    return report.write(report.FORWARD_AUTH, runs, facts, sections)


@contextmanager
def _servers() -> Iterator[Servers]:
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        address = opened.enter_context(redis())
        alone: dict[str, Peer] = {}
        alone[OURS] = opened.enter_context(
            forward_auth_gate.gate("protocol", address, folder / "p")
        )
        alone[BARE] = opened.enter_context(forward_auth_gate.gate("asgi", address, folder / "a"))
        alone[FLOOR] = opened.enter_context(forward_auth_gate.gate("floor", address, folder / "f"))
        if program := forward_auth_peers.oauth2_proxy_program():
            proxied = forward_auth_peers.oauth2_proxy
            alone[COOKIE] = opened.enter_context(proxied(program))
            alone[REDIS] = opened.enter_context(proxied(program, address))
        nginx = forward_auth_peers.nginx
        alone[CEILING] = opened.enter_context(nginx(folder / "n", "location / { return 200; }"))
        through = {
            name: opened.enter_context(_asking(folder / f"through{number}", peer))
            for number, (name, peer) in enumerate(alone.items())
        }
        # To the floor everybody is the same.
        scripts = {
            name: crowd(peer.crowd, folder / f"crowd{number}.lua")
            for number, (name, peer) in enumerate(alone.items())
            if peer.crowd and name != FLOOR
        }
        yield Servers(alone, through, scripts)


@contextmanager
def _asking(folder: Path, peer: Peer) -> Iterator[Peer]:
    """nginx that asks ``peer`` about every request, and has a pixel for whom it lets in."""
    upstream, path = peer.upstream()
    settings = "".join(
        f"proxy_set_header {name} {value};" for name, value in forward_auth_peers.ASKED.items()
    )
    locations = (
        "location / { auth_request /check; empty_gif; }\n"
        f"location = /check {{ internal; proxy_pass http://asked{path}; proxy_http_version 1.1;"
        f" proxy_pass_request_headers off; proxy_pass_request_body off; {settings} }}"
    )
    more = f"upstream asked {{ server {upstream}; keepalive 64; }}"
    with forward_auth_peers.nginx(folder, locations, more) as proxy:
        yield replace(proxy, headers=peer.headers)


def _one_run(servers: Servers, rounds: Rounds, seconds: int) -> None:
    for name, peer in servers.alone.items():
        _ask(peer, [peer.pid], rounds.alone.setdefault(name, []), seconds)
    for name, script in servers.scripts.items():
        peer = servers.alone[name]
        _ask(peer, [peer.pid], rounds.crowd.setdefault(name, []), seconds, script)
    for name, proxy in servers.through.items():
        both = [proxy.pid, servers.alone[name].pid]
        _ask(proxy, both, rounds.through.setdefault(name, []), seconds)


def _ask(
    peer: Peer, pids: list[int], answers: list[Answered], seconds: int, script: str = ""
) -> None:
    load(peer.url, peer.headers, pids, _WARM, script)
    answers.append(load(peer.url, peer.headers, pids, seconds, script))


def _rows(answers: Mapping[str, list[Answered]]) -> list[str]:
    per_core = _figures(answers, "per second of one core", "1/s", lambda a: a.per_core_second)
    rows = [figure.row() for figure in per_core.values()]
    for ours in (OURS, BARE):
        for peer in (COOKIE, REDIS, FLOOR, CEILING):
            if peer in per_core:
                ratio = Ratio.of(f"{ours} / {peer}", per_core[ours], per_core[peer])
                rows.append(ratio.row())
    by_clock = _figures(answers, "by the clock", "1/s", lambda a: a.per_second)
    slowest = _figures(answers, "p99 under this load", "ms", lambda a: a.p99_ms)
    return rows + [figure.row() for figure in (*by_clock.values(), *slowest.values())]


def _figures(
    answers: Mapping[str, list[Answered]], what: str, unit: str, of: Callable[[Answered], float]
) -> dict[str, Figure]:
    return {
        name: Figure(f"{name}, {what}", unit, tuple(of(one) for one in each))
        for name, each in answers.items()
    }


def _versions() -> dict[str, str]:
    found = {"nginx": _said("nginx", "-v").rpartition("/")[2]}
    found["oauth2-proxy"] = "not found, so it is not here"
    if program := forward_auth_peers.oauth2_proxy_program():
        found["oauth2-proxy"] = _module_version(program)
    return found


def _module_version(program: str) -> str:
    """A Go program made by ``go install`` knows its version as a module only."""
    told = _said("go", "version", "-m", program)
    return next(line.split()[2] for line in told.splitlines() if line.split()[:1] == ["mod"])


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).strip()
