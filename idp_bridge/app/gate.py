"""The forward-auth listener of a running bridge: where proxies ask about every request."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import uvicorn
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from idp_bridge.app.http import Origin, page_headers
from idp_bridge.app.origins import application
from idp_bridge.app.parts import Parts
from idp_bridge.app.sockets import listening
from idp_bridge.core.forward_auth import AT
from idp_bridge.endpoints.forward_auth import Gate
from idp_bridge.endpoints.forward_auth_parts import GateParts, gate
from idp_bridge.endpoints.forward_auth_protocol import GateProtocol
from idp_bridge.settings import SettingsError
from idp_bridge.web import reading
from idp_bridge.web.pages import WebPages


def gate_of(parts: Parts) -> Gate:
    """The listener's application over the parts of one bridge."""
    settings, pages = parts.settings, WebPages("gate", base=AT)
    keycloak = "{0.scheme}://{0.netloc}".format(urlsplit(settings.keycloak_url))

    def serve(routes: Sequence[BaseRoute]) -> ASGIApp:
        return application([Mount(AT, routes=[*routes, *reading.routes()])], pages)

    return gate(
        GateParts(
            issuer=settings.issuer,
            realms=tuple(parts.apis),
            doors=parts.doors,
            marks=parts.stores.marks,
            sign=parts.keys.sign,
            pages=pages,
            serve=serve,
            trusted=settings.gate_trusted_proxies,
            clock=parts.clock,
            page_headers=page_headers(Origin("gate", "", _nobody, form_targets=(keycloak,))),
        )
    )


@asynccontextmanager
async def gate_at_work(parts: Parts) -> AsyncIterator[None]:
    """Listening where the settings say, which may be nowhere."""
    settings, app = parts.settings, gate_of(parts)
    async with AsyncExitStack() as opened:
        if settings.gate_listen:
            await opened.enter_async_context(_asked_over_http(app, settings.gate_listen))
        if settings.grpc_listen:
            await opened.enter_async_context(_asked_over_grpc(app, settings.grpc_listen))
        yield


def server(app: ASGIApp, protocol: type[asyncio.Protocol] | None = None) -> uvicorn.Server:
    """A server beside the one that listens for signals, by ``protocol`` or by the fast one."""
    return _Quiet(
        uvicorn.Config(
            app,
            http=protocol or GateProtocol,
            # A check is answered like any other request, also about one that opens a WebSocket.
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            lifespan="off",
            # Proxies keep connections; it is never we who close first.
            timeout_keep_alive=930,
            timeout_graceful_shutdown=3,
        )
    )


@asynccontextmanager
async def _asked_over_http(app: Gate, addresses: Sequence[str]) -> AsyncIterator[None]:
    serving = server(app)
    running = asyncio.create_task(serving.serve([listening(a) for a in addresses]))
    try:
        yield
    finally:
        serving.should_exit = True
        await running


@asynccontextmanager
async def _asked_over_grpc(app: Gate, address: str) -> AsyncIterator[None]:
    # Only who listens for Envoy needs gRPC.
    try:
        from idp_bridge.endpoints import ext_authz
    except ImportError as error:
        raise SettingsError(
            f"grpc_listen needs idp-bridge[grpc]: {error.name} is missing"
        ) from None

    asked = ext_authz.server(app, address)
    await asked.start()
    try:
        yield
    finally:
        await asked.stop(None)


class _Quiet(uvicorn.Server):
    """A server beside the one that listens for signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _nobody(*_: object) -> None:
    """An origin that is only asked for its headers."""
