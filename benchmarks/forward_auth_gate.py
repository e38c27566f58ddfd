"""The bridge's gate in a process of its own: ``python -m benchmarks.forward_auth_gate KIND PORT
REDIS FOLDER``.

KIND is ``protocol``, as the bridge serves it; ``asgi``, the same application on uvicorn's own
protocol; or ``floor``, an application there that gives such an answer to everybody at once. It is
the whole gate over a real Redis; Keycloak's part is played by ``forward_auth_sessions``. FOLDER
holds a Unix socket too, which nginx asks at.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path

import uvloop
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from benchmarks.forward_auth_load import pinned
from benchmarks.forward_auth_peers import PEOPLE, Peer
from benchmarks.forward_auth_sessions import HOST, OneApp, sessions, signed_in
from benchmarks.processes import free_port, running
from benchmarks.servers import settings_of
from idp_bridge.app.gate import gate_of, server
from idp_bridge.app.logs import configure
from idp_bridge.app.parts import Parts
from idp_bridge.app.sockets import listening
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.cookies import cookie_name
from idp_bridge.endpoints.forward_auth_protocol import GateProtocol
from idp_bridge.endpoints.headers import PLAIN
from idp_bridge.store.redis import RedisStore

# As long as the gate's own answer.
_ANSWER = [(b"x-bridge-identity", b"x" * 700), *((name.encode(), b"") for name in PLAIN)]
_HEARD_EVERY = 1.0
_SECRET = "benchmark " * 4


class WithoutKeycloak(Parts):
    """The bridge's parts, with one app in which everybody holds a role."""

    @cached_property
    def apps(self) -> OneApp:  # type: ignore[override]
        return OneApp()

    def client_sessions(self, realm: str, client_id: str, redirect_uri: str) -> ClientSessions:
        return sessions(self.stores.redis, _SECRET)


@contextmanager
def gate(kind: str, redis: str, folder: Path) -> Iterator[Peer]:
    """The gate on the servers' core, and somebody who is signed in there."""
    folder.mkdir(parents=True)
    port = free_port()
    command = (sys.executable, "-m", "benchmarks.forward_auth_gate", kind, str(port), redis)
    with running(pinned(*command, str(folder)), port) as pid:
        people = tuple(cookie(token) for token in asyncio.run(sign_in(redis, PEOPLE)))
        url = f"http://127.0.0.1:{port}/forward-auth/nginx"
        yield Peer(pid, url, asked_with(people[0]), f"unix:{folder / 'gate'}", people)


def cookie(token: str) -> str:
    """What a browser holds."""
    return f"{cookie_name('idpb', f'http://{HOST}')}={token}"


def asked_with(cookie: str) -> tuple[str, ...]:
    """The headers of a check, as nginx sends them, for the holder of ``cookie``."""
    return (
        f"Host: {HOST}",
        f"X-Original-URL: http://{HOST}/tasks?day=1",
        "X-Original-Method: GET",
        f"Cookie: {cookie}",
        "Accept: text/html",
    )


async def sign_in(redis: str, count: int) -> list[str]:
    """``count`` people come in; the tokens of their sessions."""
    store = RedisStore(redis)
    try:
        at = sessions(store, _SECRET)
        return [await signed_in(at) for _ in range(count)]
    finally:
        await store.close()


async def _serve(kind: str, port: int, redis: str, folder: Path) -> None:
    settings = settings_of(port, redis, folder).model_copy(
        update={"gate_trusted_proxies": (ip_network("127.0.0.1/32"),)}
    )
    parts = WithoutKeycloak(settings)
    beside = [asyncio.create_task(parts.stores.marks.run()), asyncio.create_task(_follow(parts))]
    addresses = (f"127.0.0.1:{port}", f"unix:{folder / 'gate'}")
    try:
        app = _at_once if kind == "floor" else gate_of(parts)
        serving = server(app, GateProtocol if kind == "protocol" else HttpToolsProtocol)
        await serving.serve([listening(address) for address in addresses])
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _at_once(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [*_ANSWER, (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _follow(parts: Parts) -> None:
    """What a follower tells while it reads Keycloak's events."""
    while True:
        for realm in parts.apis:
            await parts.revocations.heard(realm)
        await asyncio.sleep(_HEARD_EVERY)


def main(kind: str, port: int, redis: str, folder: Path) -> None:
    """Serve until told to stop."""
    configure("json")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(kind, port, redis, folder))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
