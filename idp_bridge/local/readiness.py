"""How to see that a server is ready: it answers HTTP with 200, or takes a connection."""

import asyncio
import contextlib
import ssl

import httpx

from idp_bridge.local.supervisor import Ready


def answers(url: str, trust: ssl.SSLContext | None = None) -> Ready:
    """Ready when the address answers 200."""

    async def ready() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(verify=trust or True, timeout=5, trust_env=False) as http:
                return (await http.get(url)).status_code == httpx.codes.OK
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
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True

    return ready


async def at_once() -> bool:
    """Always ready."""
    return True
