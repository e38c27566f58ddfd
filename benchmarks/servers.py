"""The servers under load, each a process: ``python -m benchmarks.servers KIND PORT ...``.

bridge PORT REDIS FOLDER   the whole bridge, without Keycloak behind it
bare PORT BODY             an ASGI application that answers BODY at once, or holds a stream open
sockets PORT               asyncio connections held open: no HTTP, nothing kept of them
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from idp_bridge.app.logs import configure
from idp_bridge.app.origins import front
from idp_bridge.app.parts import Parts
from idp_bridge.settings import QrSettings, Settings

BACKLOG = 2048


def settings_of(port: int, redis: str, folder: Path) -> Settings:
    """Settings of a bridge whose waiting pages wait as long as they may."""
    secret = SecretStr("benchmark " * 4)
    nowhere = "http://127.0.0.1:9"
    return Settings(
        issuer=f"http://localhost:{port}",
        resident_url=f"{nowhere}1",
        worker_url=f"{nowhere}2",
        admin_url=f"{nowhere}3",
        keycloak_url=nowhere,
        bridge_client_secrets={"residents": secret, "workers": secret},
        secret_key=secret,
        keys_folder=folder,
        redis_url=SecretStr(redis),
        database_url=SecretStr(f"sqlite+aiosqlite:///{folder / 'bridge.db'}"),
        qr=QrSettings.model_validate({"flow_ttl": 300}),
    )


def bare(body: bytes) -> ASGIApp:
    """The least an ASGI application can do for the two addresses of a waiting page."""
    length = str(len(body)).encode()
    plain = [(b"content-type", b"application/json"), (b"content-length", length)]
    stream = [(b"content-type", b"text/event-stream; charset=utf-8")]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        waits = scope["path"] == "/qr/events"
        headers = stream if waits else plain
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        text = b"data: %s\n\n" % body if waits else body
        await send({"type": "http.response.body", "body": text, "more_body": waits})
        while waits and (await receive())["type"] != "http.disconnect":
            pass

    return answer


async def _serve(application: ASGIApp, port: int) -> None:
    options: dict[str, Any] = {
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,
        "lifespan": "off",
        "backlog": BACKLOG,
        "timeout_graceful_shutdown": 1,
    }
    await uvicorn.Server(
        uvicorn.Config(application, host="127.0.0.1", port=port, **options)
    ).serve()


async def _bridge(settings: Settings, port: int) -> None:
    """What `idp-bridge serve` runs, but for those parts that only Keycloak gives work to."""
    parts = Parts(settings)
    await parts.open()
    listening = asyncio.create_task(parts.stores.moves.run())
    try:
        await _serve(front(parts), port)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await parts.close()


async def _hold(port: int) -> None:
    async def held(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    listening = await asyncio.start_server(held, "127.0.0.1", port, backlog=BACKLOG)
    await listening.serve_forever()


def main(kind: str, port: int, *rest: str) -> None:
    """Serve until told to stop."""
    if kind == "bridge":
        configure("json")
        work = _bridge(settings_of(port, rest[0], Path(rest[1])), port)
    elif kind == "bare":
        work = _serve(bare(rest[0].encode()), port)
    else:
        work = _hold(port)
    asyncio.run(work)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
