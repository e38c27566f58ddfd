"""Why a person can or cannot enter an app: the whole chain, who made each link, what is missing.

account -- ways to a role of the app -- the app's state -- acr of the live sessions
   every link: who touched it last, and when, as far back as Keycloak keeps its admin events
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from idp_bridge.core.accounts import Account, Accounts
from idp_bridge.core.apps import App, Apps
from idp_bridge.core.errors import NotFound
from idp_bridge.core.levels import reaches
from idp_bridge.core.requests import AccessRequest
from idp_bridge.core.role_links import parse_role
from idp_bridge.core.role_ways import Joint, Step

# Keycloak's name for the bridge's own service account.
BRIDGE = "service-account-idp-bridge"


@dataclass(frozen=True, slots=True)
class Touch:
    """Who made a link as it is now. ``by`` is a user name of the realm, or an id of ``realm``.

    ``decided``: the bridge made it because that person approved a request.
    """

    at: datetime
    by: str
    realm: str
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """Something set, such as ``enabled``, and who set it; ``None``: before the events kept."""

    name: str
    value: str
    touched: Touch | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """One step of a way. ``untold``: LDAP may give it, and tells nobody when that changes."""

    step: Step
    touched: Touch | None = None
    untold: bool = False


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session at Keycloak and its level, as the sign-in events of it show."""

    started: datetime
    network: str
    acr: str
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """All that was found out about one person and one app."""

    account: Account
    app: App
    federated: bool
    set: tuple[Fact, ...] = ()
    identities: tuple[Fact, ...] = ()
    posts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    ways: tuple[tuple[Linked, ...], ...] = ()
    sessions: tuple[LiveSession, ...] = ()
    givers: tuple[str, ...] = ()
    giving_groups: tuple[str, ...] = ()


class Chains(Protocol):
    """Live reads at Keycloak. Raises ``Unavailable``."""

    async def of(self, app: App, username: str) -> Chain | None:
        """``None`` when nobody is called so in the app's realm."""
        ...


class Lack(Enum):
    """What stands between a person and an app; each has a text that says what to do."""

    ACCOUNT_DISABLED = "account_disabled"
    APP_SUSPENDED = "app_suspended"
    APP_NOT_ADMITTED = "app_not_admitted"
    NO_ROLE = "no_role"
    ACR_TOO_LOW = "acr_too_low"
    NOT_SIGNED_IN = "not_signed_in"


class Verdict(Enum):
    """May the person enter?"""

    ENTERS = "enters"
    SIGNS_IN_FIRST = "signs_in_first"  # nothing in the way but a sign-in, or a stronger one
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RuleMet:
    """A rule of the manifest for single addresses, and whether this person meets it now."""

    rule: Mapping[str, Any]
    by_role: bool
    by_acr: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """The chain, and what follows from it."""

    chain: Chain
    verdict: Verdict
    lacks: tuple[Lack, ...] = ()
    rules: tuple[RuleMet, ...] = ()


class Decisions(Protocol):
    """What was approved: the requests kept."""

    async def newest_approval(
        self, realm: str, client_id: str, account: str, role: str
    ) -> AccessRequest | None: ...


class Why:
    """Answers for one app of one realm."""

    def __init__(
        self, apps: Apps, chains: Chains, accounts: Accounts, decisions: Decisions
    ) -> None:
        self._apps = apps
        self._chains = chains
        self._accounts = accounts
        self._decisions = decisions

    async def explain(self, realm: str, username: str, client_id: str) -> Explanation:
        """Raises ``NotFound`` for an unknown person or app."""
        app = await self._app(realm, client_id)
        chain = await self._chains.of(app, username.strip().lower())
        if chain is None:
            raise NotFound(f"nobody is called {username!r} in {realm}")
        return judged(replace(chain, ways=tuple([await self._told(chain, w) for w in chain.ways])))

    async def _told(self, chain: Chain, way: tuple[Linked, ...]) -> tuple[Linked, ...]:
        """A role that the bridge gave was approved by somebody: name them."""
        first = way[0]
        role = parse_role(first.step.held)
        by_bridge = first.touched is not None and first.touched.by == BRIDGE
        if not by_bridge or first.step.joint is not Joint.PERSON_ROLE:
            return way
        request = await self._decisions.newest_approval(
            chain.app.realm, role.client_id, chain.account.subject, role.name
        )
        if request is None or request.decided is None:
            return way
        who = await self._accounts.find("workers", request.decided_by)
        by = who.username if who else request.decided_by
        touched = Touch(request.decided, by, "workers", decided=True)
        return (replace(first, touched=touched), *way[1:])

    async def _app(self, realm: str, client_id: str) -> App:
        for app in await self._apps.of(realm):
            if app.client_id == client_id:
                return app
        raise NotFound(f"{realm} has no app {client_id!r}")


def judged(chain: Chain) -> Explanation:
    """The verdict that the doors would give, and everything that is missing."""
    barred = tuple(_barring(chain))
    if barred:
        return Explanation(chain, Verdict.REFUSED, barred, _rules(chain))
    later = tuple(_to_prove(chain))
    verdict = Verdict.SIGNS_IN_FIRST if later else Verdict.ENTERS
    return Explanation(chain, verdict, later, _rules(chain))


def _barring(chain: Chain) -> list[Lack]:
    lacks = []
    if not chain.account.enabled:
        lacks.append(Lack.ACCOUNT_DISABLED)
    if not chain.app.enabled:
        lacks.append(Lack.APP_SUSPENDED)
    if not chain.roles:
        lacks.append(Lack.NO_ROLE)
        if chain.app.state != "admitted":
            # Nobody gets a role of an app through their own roles before it is admitted.
            lacks.append(Lack.APP_NOT_ADMITTED)
    return lacks


def _to_prove(chain: Chain) -> list[Lack]:
    if not chain.sessions:
        return [Lack.NOT_SIGNED_IN]
    least = chain.app.minimum_acr
    if least and not any(reaches(session.acr, (least,)) for session in chain.sessions):
        return [Lack.ACR_TOO_LOW]
    return []


def _rules(chain: Chain) -> tuple[RuleMet, ...]:
    """What the app's manifest asks of single addresses behind forward-auth."""
    said = chain.app.settings.get("rules") if chain.app.protocol == "forward-auth" else None
    rules = [rule for rule in said or () if isinstance(rule, dict)]
    return tuple(RuleMet(rule, _has_role(chain, rule), _has_acr(chain, rule)) for rule in rules)


def _has_role(chain: Chain, rule: Mapping[str, Any]) -> bool:
    wanted = rule.get("roles") or chain.roles
    return bool(set(wanted) & set(chain.roles))


def _has_acr(chain: Chain, rule: Mapping[str, Any]) -> bool:
    least = rule.get("acr")
    return not least or any(reaches(session.acr, (str(least),)) for session in chain.sessions)
