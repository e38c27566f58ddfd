"""Puts the forward-auth listener together."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from idp_bridge.core.clock import Clock
from idp_bridge.core.doors import Doors
from idp_bridge.core.freshness import Freshness
from idp_bridge.core.marks import Marks
from idp_bridge.core.pages import Pages
from idp_bridge.endpoints.forward_auth import Gate, Network
from idp_bridge.endpoints.forward_auth_decision import Decision, DecisionParts
from idp_bridge.endpoints.forward_auth_pages import ForwardAuthPages, PageParts
from idp_bridge.endpoints.forward_auth_seen import Memory
from idp_bridge.endpoints.forward_auth_table import Table
from idp_bridge.endpoints.headers import Identity, Sign


@dataclass(frozen=True, slots=True)
class GateParts:
    """What the listener is made of. ``serve`` makes an application of the routes of its pages;
    ``most`` is how many sessions are kept in memory."""

    issuer: str
    realms: Iterable[str]
    doors: Doors
    marks: Marks
    sign: Sign
    pages: Pages
    serve: Callable[[Sequence[BaseRoute]], ASGIApp]
    trusted: Sequence[Network]
    clock: Clock
    page_headers: Mapping[str, str]
    ticks: Callable[[], float] = time.monotonic
    most: int = 100_000


def gate(parts: GateParts) -> Gate:
    """The application of the listener."""
    clock, ticks = parts.clock, parts.ticks
    freshness = Freshness(parts.marks, parts.realms, clock, ticks)
    table = Table(parts.doors, freshness, ticks)
    decision = Decision(
        DecisionParts(
            doors=parts.doors,
            table=table,
            memory=Memory(freshness, ticks, parts.most),
            freshness=freshness,
            identity=Identity(parts.issuer, parts.sign, clock),
            clock=clock,
            ticks=ticks,
        )
    )
    pages = ForwardAuthPages(PageParts(table, decision, parts.pages))
    return Gate(decision, pages, parts.serve(pages.routes()), parts.trusted, parts.page_headers)
