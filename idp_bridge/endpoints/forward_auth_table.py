"""Which app guards which address, kept in memory as long as nothing says that it changed.

Apps of each realm --> guards --> sites by origin --> route of (method, target)
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from idp_bridge.core.apps import App
from idp_bridge.core.doors import Doors
from idp_bridge.core.errors import Forbidden
from idp_bridge.core.forward_auth import (
    Guard,
    Malformed,
    NotGuarded,
    Rule,
    Site,
    method_of,
    origin,
    path_of,
    sites,
)
from idp_bridge.core.freshness import Freshness
from idp_bridge.manifests.forward_auth import ForwardAuthSettings, RouteRule

PROTOCOL = "forward-auth"
KEPT = 10.0
_ROUTES = 20_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """What is known about one address before anybody asks: its site, and the rule of each realm."""

    site: Site
    cookie: bytes
    rules: dict[str, Rule]


class Table:
    """The sites, read again when they may have changed, at the latest after ten seconds."""

    def __init__(self, doors: Doors, freshness: Freshness, ticks: Callable[[], float]) -> None:
        self._doors = doors
        self._freshness = freshness
        self._ticks = ticks
        self._reading = asyncio.Lock()
        self._sites: dict[str, Site] = {}
        self._guards: dict[tuple[str, str], Guard] = {}
        self._routes: dict[tuple[bytes, bytes], Route] = {}
        self._until = float("-inf")
        self.changes = 0
        freshness.on_change(self._changed)

    def holds(self, now: float) -> bool:
        """Whether what is kept is young enough."""
        return now < self._until

    def at_once(self, method: bytes, target: bytes) -> Route | None:
        """The route out of memory. None when nobody asked yet, or it leads nowhere."""
        return self._routes.get((method, target))

    async def route(self, method: bytes, target: bytes) -> Route:
        """The route. Raises ``Malformed``, ``NotGuarded``, ``Unavailable``."""
        await self.read()
        known = self._routes.get((method, target))
        if known is None:
            known = self._found(method, target)
            if len(self._routes) >= _ROUTES:
                self._routes.clear()
            self._routes[method, target] = known
        return known

    async def site(self, scheme: str, host: str) -> Site:
        """The site at an origin. Raises ``Malformed``, ``NotGuarded``, ``Unavailable``."""
        await self.read()
        site = self._sites.get(origin(scheme, host))
        if site is None:
            raise NotGuarded(f"nobody registered {host!r}")
        return site

    async def read(self) -> None:
        """Make sure that what is kept is fresh."""
        if self._is_kept():
            return
        async with self._reading:
            if self._is_kept():
                return
            changes = self._freshness.changes
            self._replace(await self._doors.speaking(PROTOCOL))
            # Word that came while reading may be about what was read.
            kept = changes == self._freshness.changes
            self._until = self._ticks() + KEPT if kept else float("-inf")

    def _is_kept(self) -> bool:
        now = self._ticks()
        return self.holds(now) and self._freshness.holds(now)

    def _found(self, method: bytes, target: bytes) -> Route:
        scheme, _, rest = target.partition(b"://")
        host, slash, path = rest.partition(b"/")
        if not target.isascii():
            raise Malformed("beyond ASCII")
        at = origin(scheme.decode(), host.decode())
        site = self._sites.get(at)
        if site is None:
            raise NotGuarded(f"nobody registered {at}")
        # No rule would be a weaker one.
        if not all(guard.usable for guard in site.guards):
            raise Forbidden(f"the rules of {at} cannot be read")
        asked = (site.host, path_of(slash + path), method_of(method))
        rules = {guard.app.realm: guard.rule(*asked) for guard in site.guards}
        return Route(site, site.session_cookie.encode(), rules)

    def _replace(self, apps: Iterable[App]) -> None:
        """Take over what changed; sessions at apps that did not change stay known."""
        before = self._guards
        guards = {}
        for app in apps:
            key = (app.realm, app.client_id)
            known = before.get(key)
            guards[key] = known if known and known.app == app else _guard(app)
        if list(guards.values()) != list(before.values()):
            self._guards = guards
            self._sites = sites(guards.values())
            self._routes.clear()
            self.changes += 1

    def _changed(self, realm: str, account: str, sid: str) -> None:
        if not account and not sid:
            self._until = float("-inf")


def _guard(app: App) -> Guard:
    try:
        said = ForwardAuthSettings.model_validate(dict(app.settings))
        return Guard(app, tuple(_rule(rule) for rule in said.rules), plain=said.plain_headers)
    except (ValidationError, UnicodeError) as error:
        log.warning("forward_auth_rules_unreadable", app=app.client_id, error=type(error).__name__)
        return Guard(app, (), usable=False)


def _rule(rule: RouteRule) -> Rule:
    return Rule(
        hosts=frozenset(host.encode("idna").decode().lower() for host in rule.hosts),
        paths=rule.paths,
        methods=frozenset(rule.methods),
        roles=frozenset(rule.roles),
        acr=rule.acr or "",
    )
