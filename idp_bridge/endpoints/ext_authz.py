"""Envoy's external authorization over gRPC: the HTTP dialect's decision in another envelope.

    CheckRequest -> the request that Envoy's HTTP dialect would have sent -> forward-auth
                 -> its answer -> CheckResponse

There is no second set of rules: the gate's own application decides.
Whatever goes wrong is a denial.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import grpc
import grpc.aio
import structlog
from starlette.types import ASGIApp, Message

from idp_bridge.endpoints.ext_authz_messages import CheckRequest, CheckResponse

log = structlog.get_logger()

SERVICE = "envoy.service.auth.v3.Authorization"
PREFIX = "/forward-auth/envoy"
# What the decision may depend on. Of several cookies Envoy has made one.
_TOLD = ("cookie", "accept", "accept-language", "sec-fetch-mode", "sec-fetch-dest")
_SCHEME = "x-forwarded-proto"
_REMOVED = "x-envoy-auth-headers-to-remove"
_NOT_PASSED_ON = frozenset({"content-length", "connection", "date", "server", _REMOVED})
_DECISIONS = frozenset({200, 302, 303, 401, 403})
_OVERWRITE_OR_ADD, _APPEND = 2, 0
_PERMISSION_DENIED, _UNAUTHENTICATED = 7, 16


@dataclass(slots=True)
class _Answer:
    """What the gate's application answered."""

    status: int = 403
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class ExtAuthz:
    """The service, deciding by ``gate``, the application of the forward-auth listener."""

    def __init__(self, gate: ASGIApp) -> None:
        self._gate = gate

    async def check(self, request: Any, context: Any) -> Any:
        """One decision. A request that cannot be asked about is denied."""
        try:
            answer = await self._ask(request.attributes.request.http, context.peer())
        except Exception as error:
            log.warning("ext_authz_failed", error=type(error).__name__)
            answer = _Answer()
        return _allowed(answer) if answer.status == 200 else _denied(answer)

    async def _ask(self, http: Any, peer: str) -> _Answer:
        sent = {entry.key.lower(): entry.value for entry in http.headers}
        headers = [(b"host", http.host.encode())]
        headers += [(n.encode(), sent[n].encode()) for n in (*_TOLD, _SCHEME) if n in sent]
        path, _, query = http.path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": http.method,
            "scheme": "http",
            "path": PREFIX + unquote(path),
            "raw_path": (PREFIX + path).encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": (_address(peer), 0),
            # As ASGI names a Unix socket; who may ask there say the file's permissions.
            "server": ("ext-authz", None if peer.startswith("unix") else 0),
        }
        answer = _Answer()
        await self._gate(scope, _nothing, _into(answer))
        return answer if answer.status in _DECISIONS else _Answer()


def server(gate: ASGIApp, address: str) -> grpc.aio.Server:
    """A gRPC server for Envoy at ``address``, not started yet."""
    handler = grpc.unary_unary_rpc_method_handler(
        ExtAuthz(gate).check,
        request_deserializer=CheckRequest.FromString,
        response_serializer=CheckResponse.SerializeToString,
    )
    made = grpc.aio.server()
    made.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"Check": handler}),)
    )
    made.add_insecure_port(address)
    return made


def _address(peer: str) -> str:
    """``ipv4:127.0.0.1:50051`` or ``ipv6:[::1]:50051``, as gRPC names a peer."""
    kind, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else ""


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _into(answer: _Answer) -> Any:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
        else:
            answer.body += message.get("body", b"")

    return send


def _allowed(answer: _Answer) -> Any:
    made = CheckResponse()
    made.status.code = 0
    made.ok.headers_to_remove.extend(
        name.strip()
        for known, value in answer.headers
        if known == _REMOVED
        for name in value.split(",")
    )
    _add(made.ok.headers, answer.headers, _OVERWRITE_OR_ADD)
    return made


def _denied(answer: _Answer) -> Any:
    made = CheckResponse()
    # A redirect to the sign-in page is a denial too: only 200 goes on to the app.
    made.status.code = _PERMISSION_DENIED if answer.status == 403 else _UNAUTHENTICATED
    made.denied.status.code = answer.status
    _add(made.denied.headers, answer.headers, _APPEND)
    made.denied.body = answer.body.decode("utf-8", "replace")
    return made


def _add(into: Any, headers: Iterable[tuple[str, str]], action: int) -> None:
    for name, value in headers:
        if name not in _NOT_PASSED_ON:
            option = into.add()
            option.header.key, option.header.value = name, value
            option.append_action = action
