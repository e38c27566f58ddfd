"""The app behind the proxies: says what reached it. ``python -m tests.live.proxies.echo PORT``.

GET /download?mb=N   N megabytes, a piece at a time
WebSocket            sends back the first message, and the headers it was opened with
anything else        method, raw path and headers as JSON
"""

import json
import sys
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

_PIECE = b"x" * 65536


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await _socket(scope, receive, send)
    elif scope["path"] == "/download":
        await _download(int(scope["query_string"].partition(b"=")[2]), send)
    else:
        await _echo(scope, send)


def _seen(scope: Scope) -> dict[str, Any]:
    raw: bytes = scope["raw_path"]
    if scope["query_string"]:
        raw += b"?" + scope["query_string"]
    return {
        "method": scope.get("method", "GET"),
        "path": raw.decode("latin-1"),
        "headers": [[k.decode("latin-1"), v.decode("latin-1")] for k, v in scope["headers"]],
    }


async def _echo(scope: Scope, send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(_seen(scope)).encode()})


async def _download(megabytes: int, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(megabytes * 16):
        await send({"type": "http.response.body", "body": _PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _socket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    said = await receive()
    await send(
        {"type": "websocket.send", "text": json.dumps(_seen(scope) | {"said": said["text"]})}
    )
    await send({"type": "websocket.close"})


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        lifespan="off",
        log_level="warning",
        proxy_headers=False,
        server_header=False,
    )
