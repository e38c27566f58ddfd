"""Runs the bridge: one process, one event loop, one socket for each address to listen on."""

import asyncio
from pathlib import Path

import uvicorn
import uvloop

from idp_bridge.app.gate import gate_at_work
from idp_bridge.app.logs import configure
from idp_bridge.app.origins import front
from idp_bridge.app.parts import Parts
from idp_bridge.app.sockets import listening
from idp_bridge.app.work import at_work
from idp_bridge.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises ``SettingsError`` for an address that is taken."""
    configure(settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    parts = Parts(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            front(parts),
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ssl_certfile=_path(settings.tls_certificate),
            ssl_keyfile=_path(settings.tls_key),
            # Keycloak keeps idle connections to the OP for 900 s and does not repeat a POST that
            # meets one just closed: a sign-in would be lost. So it is never we who close first.
            timeout_keep_alive=930,
            timeout_graceful_shutdown=3,
        )
    )
    sockets = [listening(address) for address in settings.listen]
    async with at_work(parts), gate_at_work(parts):
        await server.serve(sockets=sockets)


def _path(file: Path | None) -> str | None:
    return str(file) if file else None
