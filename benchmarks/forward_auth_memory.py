"""What one session costs in memory: in Redis, and in the gate that has checked it."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from redis import Redis

from benchmarks import forward_auth_peers
from benchmarks.figures import Figure
from benchmarks.forward_auth_gate import asked_with, cookie, gate, sign_in
from benchmarks.processes import redis, resident_bytes

SESSIONS, PEER_SESSIONS, TOLD_FOR = 5_000, 300, 100_000
_TOGETHER = 20


def rows() -> list[str]:
    """The table of the report, for 100,000 sessions."""
    ours, kept = _ours()
    found = [
        _scaled("Redis, bridge", ours),
        _scaled("The gate's process, each session checked once", kept),
    ]
    if program := forward_auth_peers.oauth2_proxy_program():
        found.append(_scaled("Redis, oauth2-proxy", _theirs(program)))
    return [figure.row() for figure in found]


def _scaled(name: str, per_session: float) -> Figure:
    return Figure(f"{name}, {TOLD_FOR:,} sessions", "MB", (per_session * TOLD_FOR / 1e6,))


def _ours() -> tuple[float, float]:
    with ExitStack() as opened:
        address = opened.enter_context(redis())
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        peer = opened.enter_context(gate("protocol", address, folder / "gate"))
        with _growth(address) as grown:
            tokens = asyncio.run(sign_in(address, SESSIONS))
        asyncio.run(_check(peer.url, tokens[:_TOGETHER]))
        before = resident_bytes(peer.pid)
        asyncio.run(_check(peer.url, tokens[_TOGETHER:]))
        kept = resident_bytes(peer.pid) - before
    return grown[0] / SESSIONS, kept / (SESSIONS - _TOGETHER)


def _theirs(program: str) -> float:
    with redis() as address, forward_auth_peers.oauth2_proxy(program, address) as peer:
        own = peer.url.removesuffix("/oauth2/auth")
        with _growth(address) as grown:
            for _ in range(PEER_SESSIONS):
                forward_auth_peers.signed_in(own)
    return grown[0] / PEER_SESSIONS


@contextmanager
def _growth(address: str) -> Iterator[list[float]]:
    """By how many bytes the data in Redis grew meanwhile."""
    grown: list[float] = []
    with Redis.from_url(address) as asked:
        before = asked.info("memory")["used_memory_dataset"]
        yield grown
        grown.append(asked.info("memory")["used_memory_dataset"] - before)


async def _check(url: str, tokens: list[str]) -> None:
    async with httpx.AsyncClient() as http:
        for start in range(0, len(tokens), _TOGETHER):
            some = tokens[start : start + _TOGETHER]
            answers = await asyncio.gather(*(_asked(http, url, token) for token in some))
            if set(answers) != {200}:
                raise RuntimeError(f"not let in: {answers}")


async def _asked(http: httpx.AsyncClient, url: str, token: str) -> int:
    headers = dict(header.split(": ", 1) for header in asked_with(cookie(token)))
    return (await http.get(url, headers=headers)).status_code
