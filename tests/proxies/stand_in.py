"""A gate with one rule, for tests of what the proxies do with its answers: ``python -m
tests.proxies.stand_in PORT GRPC_PORT``.

Who holds ``IN`` is let in, anybody else is signed out; the user is called after the host that was
asked about. It speaks every proxy's dialect.
"""

import asyncio
import sys

import uvicorn
from starlette.types import Receive, Scope, Send

from idp_bridge.endpoints.ext_authz import server

IN = "__Host-idpb-1=in"
# One has nothing to say, and still replaces what a browser sent.
SAID = {
    "x-bridge-identity": "signed",
    "x-bridge-name": "",
    "x-bridge-realm": "workers",
    "x-bridge-roles": "patroller",
    "x-bridge-posts": "",
    "x-bridge-acr": "password",
    "remote-user": "u1",
}
_STRIPS = ("traefik", "envoy")


async def gate(scope: Scope, receive: Receive, send: Send) -> None:
    headers = dict(scope["headers"])
    cookies = [pair.strip() for pair in headers.get(b"cookie", b"").decode().split(";")]
    answer: list[tuple[bytes, bytes]] = [(b"content-length", b"0")]
    status = 401
    if IN in cookies:
        status = 200
        answer += [(name.encode(), value.encode()) for name, value in SAID.items()]
        answer.append((b"x-bridge-user", _host(headers)))
        answer += _left(scope["path"].split("/")[2], cookies)
    await send({"type": "http.response.start", "status": status, "headers": answer})
    await send({"type": "http.response.body", "body": b""})


def _host(headers: dict[bytes, bytes]) -> bytes:
    url = headers.get(b"x-original-url", b"")
    forwarded = headers.get(b"x-forwarded-host", headers[b"host"])
    return url.split(b"/")[2] if url else forwarded


def _left(dialect: str, cookies: list[str]) -> list[tuple[bytes, bytes]]:
    left = "; ".join(pair for pair in cookies if not pair.startswith("__Host-idpb-"))
    if dialect not in _STRIPS:
        return []
    if left:
        return [(b"cookie", left.encode())]
    return [(b"x-envoy-auth-headers-to-remove", b"cookie")] if dialect == "envoy" else []


async def main(port: int, grpc_port: int) -> None:
    """Listen for both kinds of question."""
    asked = server(gate, f"127.0.0.1:{grpc_port}")
    await asked.start()
    options = uvicorn.Config(
        gate, host="127.0.0.1", port=port, lifespan="off", log_level="warning", ws="none"
    )
    await uvicorn.Server(options).serve()
    await asked.stop(None)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
