"""The start page of a stack: the journeys, who to be in each, and what to click.

It shows the demo people's passwords. It is therefore on loopback only, unless the operator asked
for the local network, and answers no other host name (DNS rebinding).
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from idp_bridge.local.pages import files_routes, linked, qr_code, rendered
from idp_bridge.local.plan import Plan
from idp_bridge.local.status import describe
from idp_bridge.local.trust_page import trust_app
from idp_bridge.local.web_server import relaying, serving


def start_app(plan: Plan, is_ready: Callable[[], bool]) -> Starlette:
    """The page and the address that its script asks while the stack starts."""
    status = describe(plan, ready=False)
    people = {person["username"]: person for person in status["people"]}
    trust = plan.origins.trust_page

    async def page(request: Request) -> Response:
        context = {
            "ready": is_ready(),
            "status": status,
            "people": people,
            "linked": lambda text: linked(text, _addresses(status)),
            "trust": trust,
            "trust_qr": qr_code(trust) if trust else "",
        }
        return rendered(request, "start.html", **context)

    async def readiness(request: Request) -> Response:
        return JSONResponse({"ready": is_ready()}, headers={"Cache-Control": "no-store"})

    async def sector(_: Request) -> Response:
        """What the bridge says at /apps/sector.json, for realms that are set up before it runs."""
        return JSONResponse(["https://*", "http://*"])

    names = {plan.origins.name, plan.origins.host, urlsplit(plan.origins.start).hostname or ""}
    return Starlette(
        routes=[
            Route("/", page),
            Route("/ready", readiness),
            Route("/sector.json", sector),
            *files_routes(),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=sorted(names))],
    )


def _addresses(status: dict[str, Any]) -> dict[str, str]:
    """What the texts link to: our own addresses, realms' consoles, apps by their ids."""
    found = dict(status["urls"])
    found |= {f"console_{name}": realm["console"] for name, realm in status["realms"].items()}
    for app in status["apps"]:
        found[f"{app['id'].replace('-', '_')}_{app['realm']}"] = app["url"]
    return found


@contextlib.asynccontextmanager
async def start_pages(plan: Plan, is_ready: Callable[[], bool]) -> AsyncIterator[None]:
    """Serve the start page; in the local network also TLS for the examples, and the trust page."""
    origins, ports = plan.origins, plan.ports
    certificate = None
    if origins.certificate and origins.certificate_key:
        certificate = (origins.certificate, origins.certificate_key)
    async with contextlib.AsyncExitStack() as opened:
        page = start_app(plan, is_ready)
        await opened.enter_async_context(serving(page, origins.host, ports.start, certificate))
        if certificate:
            for app in plan.apps:
                if app.example:
                    relay = relaying(origins.host, plan.example_port(app), certificate)
                    await opened.enter_async_context(relay)
            trust = serving(trust_app(plan), origins.host, ports.trust)
            await opened.enter_async_context(trust)
        yield
