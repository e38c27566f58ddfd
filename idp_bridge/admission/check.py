r"""The admission check of one app: every realm of it, one after the other.

people are made --> each check --> people are removed
                          \--exception, Ctrl-C--/ (after a kill: the next check removes them)
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import httpx

from idp_bridge.admission.leaving import PATIENCE
from idp_bridge.admission.realm_check import Cast, RealmCheck, cast
from idp_bridge.admission.site import SignOn, Site
from idp_bridge.core.admission import AppTokens, CheckPeople, Finding, Report
from idp_bridge.core.apps import App, Apps
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import BridgeError
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.parts import Realm


class CannotCheck(BridgeError):
    """The app is not there to be checked; the message says what to do first."""

    code = "cannot_check"


@dataclass(frozen=True, slots=True)
class CheckParts:
    """What a check is made of. ``patience`` is how long a logout may take to reach the app.

    ``mint`` signs a ticket for an app as the bridge does.
    """

    apps: Apps
    people: CheckPeople
    tokens: AppTokens
    sign_on: SignOn
    http: httpx.AsyncClient
    clock: Clock
    patience: timedelta = PATIENCE
    mint: Callable[[App, Mapping[str, Any]], str] | None = None


async def check(app: AppManifest, parts: CheckParts) -> Report:
    """Check ``app`` in all its realms. Raises ``CannotCheck``, ``Unavailable``."""
    at = parts.clock()
    sites = {realm: await _site(app, realm, parts) for realm in app.realms}
    await parts.people.clear()
    findings: list[Finding] = []
    try:
        casts = {realm: await _cast(site, parts) for realm, site in sites.items()}
        await parts.people.settle()
        for realm, site in sites.items():
            findings += await _in_realm(site, casts[realm], parts)
    finally:
        await parts.people.clear()
    return Report(app.client_id, app.protocol, digest_of(app), at, tuple(findings))


async def _site(app: AppManifest, realm: Realm, parts: CheckParts) -> Site:
    there = await parts.apps.of(realm)
    live = next((one for one in there if one.client_id == app.client_id), None)
    if live is None:
        raise CannotCheck(f"{app.id} is not at Keycloak yet: run `idp-bridge apps apply` first")
    if not live.enabled:
        raise CannotCheck(f"{app.id} is suspended: run `idp-bridge apps resume {app.id}` first")
    return Site(realm, app, live, parts.sign_on)


async def _cast(site: Site, parts: CheckParts) -> Cast:
    there = await parts.apps.of(site.realm)
    return await cast(site, _roles_elsewhere(there, site.live), parts.people)


async def _in_realm(site: Site, who: Cast, parts: CheckParts) -> tuple[Finding, ...]:
    mint = None if parts.mint is None else partial(parts.mint, site.live)
    return await RealmCheck(
        site,
        people=parts.people,
        tokens=parts.tokens,
        cast=who,
        http=parts.http,
        clock=parts.clock,
        patience=parts.patience,
        mint=mint,
    ).run()


def _roles_elsewhere(apps: tuple[App, ...], live: App) -> tuple[tuple[str, str], ...]:
    """One role of another app, of the same name as one of this app where there is such."""
    pairs = [(a.client_id, role) for a in apps if a.client_id != live.client_id for role in a.roles]
    pairs.sort(key=lambda pair: (pair[1] not in live.roles, pair))
    return tuple(pairs[:1])


def digest_of(app: AppManifest) -> str:
    """What names a manifest as it is now; secrets do not take part."""
    said = _without_secrets(app.model_dump(mode="json", by_alias=True))
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_secrets(inner) for k, inner in value.items() if k != "secret"}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value
