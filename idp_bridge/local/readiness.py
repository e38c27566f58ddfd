"""How to see that a server is ready: it answers HTTP with 200, or takes a connection.

Asked several times a second while everything starts, so it is as cheap as can be.
"""

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit

from idp_bridge.local.supervisor import Ready

_ANSWER_SECONDS = 5


def answers(url: str, trust: ssl.SSLContext | None = None) -> Ready:
    """Ready when the address answers 200."""
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or 80
    question = f"GET {address.path} HTTP/1.0\r\nHost: {address.netloc}\r\n\r\n".encode()

    async def ready() -> bool:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection(host, port, ssl=trust)
                try:
                    writer.write(question)
                    first_line = await reader.readline()
                finally:
                    writer.close()
                return b" 200 " in first_line
        return False

    return ready


def listens(host: str, port: int) -> Ready:
    """Ready when a connection is taken."""

    async def ready() -> bool:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            return False
        writer.close()
        return True

    return ready


async def at_once() -> bool:
    """Always ready."""
    return True
