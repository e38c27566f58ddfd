"""Requests to addresses that apps named reach what they may and nothing else."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network

import pytest

from idp_bridge.core.app_logout import NotTold
from idp_bridge.core.visits import Visit
from idp_bridge.endpoints.cas_logout import CasCallback, CasTeller
from idp_bridge.endpoints.outbound import Address, NotReached, Outbound, Resolve, reachable
from tests.fakes import FakeClock


class Server:
    """Answers every request with ``answer`` and notes what was asked."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        self.asked: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.startswith(b"Content-Length")),
            0,
        )
        self.asked.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        if not self.answer:
            await reader.read()
        writer.close()


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Server, str]]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server, f"http://localhost:{port}"


@asynccontextmanager
async def outbound(*networks: str) -> AsyncIterator[Outbound]:
    made = Outbound(ssl.create_default_context(), [ip_network(n) for n in networks])
    yield made
    await made.close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
    ],
)
def test_an_address_that_is_not_public_is_not_asked(address):
    assert not reachable(ip_address(address), ())


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_a_public_address_is(address):
    assert reachable(ip_address(address), ())


def test_a_private_network_is_asked_once_it_is_configured():
    networks = (ip_network("10.20.0.0/16"),)

    assert reachable(ip_address("10.20.1.1"), networks)
    assert reachable(ip_address("::ffff:10.20.1.1"), networks)
    assert not reachable(ip_address("10.21.1.1"), networks)


async def test_a_name_that_leads_to_a_private_address_is_not_asked():
    async with served() as (server, url), outbound() as out:
        with pytest.raises(NotReached, match="private"):
            await out.get(f"{url}/")

    assert server.asked == []


def names(*answers: str) -> Resolve:
    """A name server that gives each answer once, the last one for ever; addresses by comma."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[Address]:
        said = left.pop(0) if len(left) > 1 else left[0]
        return [ip_address(address) for address in said.split(",")]

    return resolve


async def test_a_name_with_a_private_address_among_others_is_not_asked():
    async with served() as (server, url):
        out = Outbound(ssl.create_default_context(), (), names("1.1.1.1,127.0.0.1"))
        with pytest.raises(NotReached, match="private"):
            await out.get(url.replace("localhost", "app.test"))
        await out.close()

    assert server.asked == []


async def test_the_connection_goes_to_the_address_that_was_judged():
    async with served() as (server, url):
        # A name that changes its mind: judged as the machine's, it would lead elsewhere next.
        rebinding = names("127.0.0.1", "192.0.2.1")
        out = Outbound(ssl.create_default_context(), [ip_network("127.0.0.0/8")], rebinding)
        assert await out.get(url.replace("localhost", "app.test")) == 200
        await out.close()

    assert len(server.asked) == 1


async def test_an_address_that_does_not_listen_leaves_the_next_one():
    async with served() as (server, url):
        networks = [ip_network("127.0.0.0/8")]
        out = Outbound(ssl.create_default_context(), networks, names("127.0.0.9,127.0.0.1"))
        assert await out.get(url.replace("localhost", "app.test")) == 200
        await out.close()

    assert len(server.asked) == 1


async def test_a_redirect_is_not_followed():
    async with served() as (server, url), outbound("127.0.0.0/8", "::1/128") as out:
        server.answer = (
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        )
        assert await out.get(f"{url}/pgt?pgtId=1") == 302

    assert len(server.asked) == 1


async def test_a_server_that_says_nothing_holds_nobody_up():
    async with served() as (server, url), outbound("127.0.0.0/8", "::1/128") as out:
        server.answer = b""
        with pytest.raises(NotReached, match="time"):
            await out.get(f"{url}/")


async def test_a_body_without_end_is_not_read():
    async with served() as (server, url), outbound("127.0.0.0/8", "::1/128") as out:
        server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100_000
        assert await out.get(f"{url}/") == 200


@pytest.mark.parametrize(
    "url", ["ftp://localhost/", "localhost", "", "http://", "https://localhost:1/", "http://a b/"]
)
async def test_whatever_cannot_be_asked_is_not_reached(url):
    async with outbound("127.0.0.0/8", "::1/128") as out:
        with pytest.raises(NotReached):
            await out.get(url)


def visit(tell: str) -> Visit:
    return Visit("workers", "key-person", "cas", "sid", "chen", "chén<&", "ST-1", tell)


async def test_an_app_is_told_by_a_form_that_clients_understand():
    async with served() as (server, url), outbound("127.0.0.0/8", "::1/128") as out:
        await CasTeller(out, FakeClock()).tell(visit(f"{url}/login"))

    [asked] = server.asked
    assert asked.startswith(b"POST /login HTTP/1.1")
    assert b"application/x-www-form-urlencoded" in asked
    assert b"logoutRequest=%3Csamlp%3ALogoutRequest" in asked
    assert b"%3Csamlp%3ASessionIndex%3EST-1%3C%2Fsamlp%3ASessionIndex%3E" in asked


@pytest.mark.parametrize("status", [b"404 Not Found", b"500 Oops"])
async def test_an_app_that_refuses_was_not_told(status):
    async with served() as (server, url), outbound("127.0.0.0/8", "::1/128") as out:
        server.answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
        with pytest.raises(NotTold):
            await CasTeller(out, FakeClock()).tell(visit(f"{url}/login"))


async def test_an_app_that_is_away_was_not_told():
    async with outbound() as out:
        with pytest.raises(NotTold):
            await CasTeller(out, FakeClock()).tell(visit("http://localhost:1/"))


async def test_a_proxy_callback_has_to_answer_two_hundred_itself():
    async with served() as (server, url), outbound("127.0.0.0/8", "::1/128") as out:
        callback = CasCallback(out)
        assert await callback.answers(f"{url}/pgt")
        server.answer = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
        assert not await callback.answers(f"{url}/pgt")
    async with outbound() as out:
        assert not await CasCallback(out).answers("http://localhost:1/")
