"""Envoy's gRPC question is the HTTP dialect's question, asked of the same application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from starlette.types import Receive, Scope, Send

from idp_bridge.endpoints.ext_authz import SERVICE, server
from idp_bridge.endpoints.ext_authz_messages import CheckRequest, CheckResponse
from tests.proxies.ports import free_ports

DENIED, SIGNED_OUT = 7, 16


class Gate:
    """A forward-auth listener that answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.asked: list[Scope] = []
        self.broken = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.broken:
            raise RuntimeError("broken")
        self.asked.append(scope)
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


@pytest.fixture
def gate() -> Gate:
    return Gate()


@asynccontextmanager
async def listening(gate: Gate, at: str = "unix-abstract:ext-authz-test") -> AsyncIterator[Any]:
    """Ask as Envoy does."""
    made = server(gate, at)
    await made.start()
    async with grpc.aio.insecure_channel(at) as channel:
        yield channel.unary_unary(
            f"/{SERVICE}/Check",
            request_serializer=CheckRequest.SerializeToString,
            response_deserializer=CheckResponse.FromString,
        )
    await made.stop(None)


def question(
    path: str = "/tasks?day=1", method: str = "GET", host: str = "patrol.example", **headers: str
) -> Any:
    asked = CheckRequest()
    http = asked.attributes.request.http
    http.method, http.path, http.host = method, path, host
    for name, value in headers.items():
        http.headers.add(key=name.replace("_", "-"), value=value)
    return asked


def told(headers: Any) -> dict[str, str]:
    return {option.header.key: option.header.value for option in headers}


async def test_the_gate_is_asked_about_the_very_request(gate: Gate):
    async with listening(gate) as check:
        await check(question("/a%2Fb?c=%20", "POST", x_forwarded_proto="https", cookie="a=1"))

    [scope] = gate.asked
    assert (scope["method"], scope["raw_path"]) == ("POST", b"/forward-auth/envoy/a%2Fb")
    assert scope["query_string"] == b"c=%20"
    assert dict(scope["headers"]) == {
        b"host": b"patrol.example",
        b"cookie": b"a=1",
        b"x-forwarded-proto": b"https",
    }


async def test_the_gate_is_told_whether_a_proxy_asks_at_a_port_or_at_a_unix_socket(gate: Gate):
    [port] = free_ports(1)
    async with listening(gate, f"127.0.0.1:{port}") as check:
        await check(question())
    async with listening(gate) as check:
        await check(question())

    at_port, at_socket = gate.asked
    assert (at_port["client"][0], at_port["server"][1]) == ("127.0.0.1", 0)
    assert (at_socket["client"][0], at_socket["server"][1]) == ("", None)


async def test_headers_that_the_decision_may_not_depend_on_never_reach_it(gate: Gate):
    async with listening(gate) as check:
        await check(question(x_forwarded_host="evil", x_original_url="/x", user_agent="probe"))

    assert dict(gate.asked[0]["headers"]) == {b"host": b"patrol.example"}


async def test_an_allowed_request_has_its_identity_headers_overwritten_with_empty_ones_too(
    gate: Gate,
):
    gate.headers = [(b"X-Bridge-User", b"u1"), (b"X-Bridge-Posts", b""), (b"Cookie", b"a=1")]
    async with listening(gate) as check:
        answer = await check(question())

    assert answer.status.code == 0
    assert told(answer.ok.headers) == {"x-bridge-user": "u1", "x-bridge-posts": "", "cookie": "a=1"}
    assert {option.append_action for option in answer.ok.headers} == {2}


async def test_a_cookie_header_that_held_only_ours_is_removed(gate: Gate):
    gate.headers = [(b"x-envoy-auth-headers-to-remove", b"cookie")]
    async with listening(gate) as check:
        answer = await check(question(cookie="__Host-idpb-s=1"))

    assert list(answer.ok.headers_to_remove) == ["cookie"]
    assert told(answer.ok.headers) == {}


@pytest.mark.parametrize(("status", "code"), [(302, SIGNED_OUT), (401, SIGNED_OUT), (403, DENIED)])
async def test_every_answer_but_200_is_a_denial_with_the_gates_own_answer(
    gate: Gate, status: int, code: int
):
    gate.status, gate.body = status, "不行".encode()
    gate.headers = [(b"location", b"https://id.example/"), (b"set-cookie", b"x=1")]
    async with listening(gate) as check:
        answer = await check(question())

    assert (answer.status.code, answer.denied.status.code) == (code, status)
    assert told(answer.denied.headers) == {"location": "https://id.example/", "set-cookie": "x=1"}
    assert answer.denied.body == "不行"


@pytest.mark.parametrize("status", [204, 206, 404, 500, 503])
async def test_an_answer_that_is_no_decision_lets_nobody_in(gate: Gate, status: int):
    gate.status = status
    async with listening(gate) as check:
        answer = await check(question())

    assert (answer.status.code, answer.denied.status.code) == (DENIED, 403)
    assert not answer.HasField("ok")


async def test_a_gate_that_breaks_lets_nobody_in(gate: Gate):
    gate.broken = True
    async with listening(gate) as check:
        answer = await check(question())

    assert (answer.status.code, answer.denied.status.code) == (DENIED, 403)
