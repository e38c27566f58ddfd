"""Serves a small page from inside the supervisor, which keeps its own handling of signals."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

Certificate = tuple[Path, Path]


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, host: str, port: int, certificate: Certificate | None = None
) -> AsyncIterator[None]:
    """Serve for the time of the block; listening when the block begins."""
    chain, key = certificate or (None, None)
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            ssl_certfile=chain,
            ssl_keyfile=key,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.create_task(server.serve())
    try:
        await server.listening.wait()
        yield
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def relaying(host: str, port: int, certificate: Certificate) -> AsyncIterator[None]:
    """TLS in front of a server that listens on loopback with the same port."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))

    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trust.load_cert_chain(*certificate)
    server = await asyncio.start_server(pass_on, host, port, ssl=trust)
    try:
        yield
    finally:
        server.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while block := await source.read(1 << 16):
            target.write(block)
            await target.drain()
    with contextlib.suppress(OSError, ssl.SSLError):
        target.close()
