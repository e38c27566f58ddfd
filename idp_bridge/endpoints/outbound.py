"""Requests to addresses that an app named: nowhere but to the public, or to networks configured.

The name is looked up once and the connection goes to the very address that was judged, so a name
that changes its mind in between (DNS rebinding) gains nothing. No redirect is followed, no body is
read, no proxy of the environment is asked, and all of it takes a few seconds at most.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlencode

import httpcore

PATIENCE = 3.0
_CONNECTIONS = 32
# Globally routed, and yet each leads to whatever IPv4 address it holds.
_DISGUISED = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[Address]]]


class NotReached(Exception):
    """No answer, or an address that may not be asked; the message holds no secret."""


async def resolved(host: str, port: int) -> list[Address]:
    """The addresses of a name, as the system has them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


class Outbound:
    """``networks`` are private ones that apps of this installation live in."""

    def __init__(
        self,
        trust: ssl.SSLContext,
        networks: Iterable[Network] = (),
        resolve: Resolve = resolved,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=_CONNECTIONS,
            network_backend=_Judged(tuple(networks), resolve),
        )

    async def get(self, url: str) -> int:
        """The status of the answer. Raises ``NotReached``."""
        return await self._ask("GET", url, {}, b"")

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        """The status of the answer to a form. Raises ``NotReached``."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask("POST", url, kind, urlencode(form).encode())

    async def close(self) -> None:
        """Give the connections back."""
        await self._pool.aclose()

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        sent = {"User-Agent": "idp-bridge", "Content-Length": str(len(body)), **headers}
        try:
            async with (
                _in_time(),
                self._pool.stream(method, url, headers=list(sent.items()), content=body) as answer,
            ):
                status: int = answer.status
                return status
        except NotReached:
            raise
        except Exception as error:
            # Whatever a server, a certificate or an address does to us, it was not reached.
            raise NotReached(type(error).__name__) from None


class _Judged(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were judged, not to names."""

    def __init__(self, networks: tuple[Network, ...], resolve: Resolve) -> None:
        self._networks = networks
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """As httpcore asks for it; the certificate is still compared with the name."""
        addresses = await self._resolve(host, port)
        if not addresses or not all(reachable(address, self._networks) for address in addresses):
            raise NotReached("the address is private, and its network is not configured")
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError):
                return await self._inner.connect_tcp(str(address), port, timeout=PATIENCE)
        return await self._inner.connect_tcp(str(addresses[-1]), port, timeout=PATIENCE)


def reachable(address: Address, networks: Iterable[Network]) -> bool:
    """Whether ``address`` is public, or in one of ``networks``."""
    plain: Address = (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
    if any(plain.version == net.version and plain in net for net in networks):
        return True
    disguised = any(plain.version == net.version and plain in net for net in _DISGUISED)
    return plain.is_global and not plain.is_multicast and not disguised


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError:
        raise NotReached("no answer in time") from None
