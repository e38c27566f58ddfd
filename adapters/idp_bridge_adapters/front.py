"""What every SDK offers, without its framework: entry, admission, refusal.

Either the app signs people in itself (``Flow``), or it lies behind the bridge's forward-auth and
believes nothing but the signed header (``Gate``).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

import httpx

from idp_bridge_adapters.app import App
from idp_bridge_adapters.errors import (
    CrossSite,
    NotAllowed,
    SignedOut,
    SignInFailed,
    SignOnError,
    TooWeak,
    Unreachable,
)
from idp_bridge_adapters.flow import Flow, demand_acr, now
from idp_bridge_adapters.keys import Keys, KeysUnavailable, RemoteKeys
from idp_bridge_adapters.notices import Notice, Page, plain_page
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.steps import Blocking, Steps
from idp_bridge_adapters.tokens import TokenRefused
from idp_bridge_adapters.web import SAFE, Asked, Reply, safe_next


class Gate(Protocol):
    """Verifies the signed header that the bridge's forward-auth adds to a request."""

    header: str

    def verify(self, value: str) -> Principal:
        """Who the header speaks of; raises ``TokenRefused`` or ``KeysUnavailable``."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How the issuer is reached, ``verify`` as httpx takes it; transport and clock for tests."""

    verify: str | bool = True
    transport: httpx.MockTransport | None = None
    clock: Callable[[], datetime] = now

    def blocking(self) -> httpx.Client:
        return httpx.Client(verify=self.verify, transport=self.transport, timeout=5)

    def concurrent(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self.verify, transport=self.transport, timeout=5)

    def keys(self) -> Callable[[str], Keys]:
        """The keys that an issuer publishes."""
        http = self.blocking()
        return lambda issuer: RemoteKeys(issuer, http, self.clock)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a page asks of a person: one of ``roles`` (any role if none is named), and ``acr``.

    Or of a ``machine``, which has no sign-in and so no ``acr``.
    """

    roles: tuple[str, ...] = ()
    acr: str | None = None
    machine: bool = False


class Front:
    """Answers for the addresses of a sign-on, and admits people to all others."""

    def __init__(
        self, app: App, around: Surroundings, *, page: Page | None, gate: Gate | None
    ) -> None:
        self.app = app
        self._flow = Flow(app, around.keys(), around.clock) if gate is None else None
        self._page = page or plain_page
        self._gate = gate

    @property
    def flow(self) -> Flow:
        """The app's own sign-on; behind the gate there is none."""
        if self._flow is None:
            raise SignInFailed("the gate signs people in")
        return self._flow

    def admitted(self, asked: Asked, demand: Demand, org: str | None = None) -> Steps[Principal]:
        """The person, if the demand is met now; with ``org``, by a post that reaches it."""
        if demand.machine:
            machine = yield from self.flow.machine(_bearer(asked))
            demand_role(machine, demand.roles, org)
            return machine
        person = yield from self.current(asked)
        demand_role(person, demand.roles, org)
        demand_acr(person, demand.acr or self.app.minimum_acr)
        return person

    def current(self, asked: Asked) -> Steps[Principal]:
        """Who is here, whatever they may do."""
        if self._gate is None:
            return (yield from self.flow.current(asked))
        if asked.method not in SAFE:
            asked.check_origin(self.app.base_url)
        value, gate = asked.headers.get(self._gate.header.lower(), ""), self._gate
        try:
            person: Principal = yield Blocking(lambda: gate.verify(value))
        except TokenRefused as error:
            raise SignedOut(error.reason) from error
        except KeysUnavailable as error:
            raise Unreachable("no keys") from error
        return person

    def login(self, asked: Asked) -> Steps[Reply]:
        """``/login``: to the one realm, or the choice between them."""
        after = safe_next(asked.once("next"))
        if len(self.app.realms) == 1:
            return (yield from self.flow.login(asked, self.app.realms[0], after=after))
        return self._choice(asked, after, 200)

    def login_at(self, asked: Asked, realm: str) -> Steps[Reply]:
        """``/login/<realm>``. A link must not choose how surely people sign in: the app does."""
        acr = self.app.minimum_acr if "more" in asked.query.split("&") else None
        after = safe_next(asked.once("next"))
        return (yield from self.flow.login(asked, realm, after=after, acr=acr))

    def refused(self, asked: Asked, error: SignOnError) -> Steps[Reply]:
        """What to answer instead: a way to sign in, a notice, or for a program a code."""
        reads_page = asked.wants_page and asked.method in SAFE
        if reads_page and self._gate is None and not asked.path.startswith("/callback/"):
            if isinstance(error, SignedOut):
                return (yield from self._ways_in(asked))
            if isinstance(error, TooWeak):
                return (
                    yield from self.flow.login(
                        asked, error.realm, after=asked.here, acr=error.required
                    )
                )
        if not asked.wants_page:
            return Reply(error.status, json.dumps({"error": error.code}))
        return self._told(asked, _notice(error))

    def _ways_in(self, asked: Asked) -> Steps[Reply]:
        if len(self.app.realms) > 1:
            return self._choice(asked, asked.here, 401)
        return (yield from self.flow.login(asked, self.app.realms[0], after=asked.here))

    def _choice(self, asked: Asked, after: str, status: int) -> Reply:
        query = "" if after == "/" else "?" + urlencode({"next": after})
        links = [(realm, f"/login/{realm}{query}") for realm in self.app.realms]
        return self._told(asked, Notice("choose", status, links))

    def _told(self, asked: Asked, notice: Notice) -> Reply:
        return Reply(notice.status, self._page(asked, notice), kind="text/html")


def demand_role(person: Principal, roles: tuple[str, ...], org: str | None = None) -> None:
    """Raises ``NotAllowed`` unless one of ``roles`` is held, by a post that reaches ``org``."""
    wanted = roles or tuple(person.roles)
    if not any(person.may(role, org=org) for role in wanted):
        raise NotAllowed(person, f"none of {', '.join(map(str, roles)) or 'any role'}")


def _bearer(asked: Asked) -> str:
    scheme, _, token = asked.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _notice(error: SignOnError) -> Notice:
    match error:
        case NotAllowed(person=person, is_stranger=True):
            return Notice("refused", error.status, [("reload", "/")], person)
        case NotAllowed(person=person):
            return Notice("not_yours", error.status, [("back", "/")], person)
        case CrossSite():
            return Notice("not_yours", error.status, [("back", "/")])
        case TooWeak():
            return Notice("weak", error.status, [("more", f"/login/{error.realm}?more")])
        case SignInFailed() | SignedOut():
            return Notice("failed", error.status, [("again", "/login")])
        case _:
            return Notice("away", error.status, [("reload", "/")])
