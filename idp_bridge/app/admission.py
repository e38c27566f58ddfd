"""The admission check over the parts of a bridge, and what follows from its result."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx

from idp_bridge.admission.check import CannotCheck, CheckParts, check, digest_of
from idp_bridge.admission.site import SignOn
from idp_bridge.core.admission import Report, why_not_admit
from idp_bridge.core.audit import AuditEvent
from idp_bridge.core.errors import Conflict
from idp_bridge.core.ticket_apps import rules_of
from idp_bridge.core.tickets import TICKET_KIND
from idp_bridge.keycloak.check_people import KeycloakAppTokens, KeycloakCheckPeople
from idp_bridge.keycloak.lease import Lease
from idp_bridge.store.admissions import SqlAdmissions

if TYPE_CHECKING:
    from idp_bridge.app.parts import Parts
    from idp_bridge.manifests.manifest import AppManifest

_PATIENCE = 15.0
_LONGEST = 300.0
_RENEWED_EVERY = 2.0


class UnderCheck(Conflict):
    """Another check of the same app is going on."""


async def checked(parts: "Parts", app: "AppManifest") -> Report:
    """Check ``app``, keep the result and put it on record.

    Raises ``CannotCheck``, ``UnderCheck``, ``Unavailable``.
    """
    settings = parts.settings
    async with _alone(parts, app.client_id), _quiet_http(parts) as http:
        people = KeycloakCheckPeople(parts.apis, app.id)
        played = CheckParts(
            parts.apps,
            people,
            KeycloakAppTokens(parts.apis),
            SignOn(settings.keycloak_url, settings.issuer),
            http,
            parts.clock,
            mint=lambda live, claims: parts.ticket_signer.sign(claims, rules_of(live), TICKET_KIND),
        )
        try:
            async with asyncio.timeout(_LONGEST):
                report = await check(app, played)
        except TimeoutError:
            raise CannotCheck(f"{app.id} was not checked in {_LONGEST:.0f} seconds") from None
    await SqlAdmissions(parts.stores.database).put(report)
    failed = {finding.check for finding in report.failures}
    detail = {"app": app.client_id, "digest": report.digest, "failed": " ".join(sorted(failed))}
    await parts.stores.audit.record(AuditEvent(report.at, "app_checked", detail=detail))
    return report


async def against_admitting(parts: "Parts", app: "AppManifest") -> str:
    """What stands against admitting ``app`` as its manifest is now; nothing when it passed."""
    report = await SqlAdmissions(parts.stores.database).of(app.client_id)
    return why_not_admit(report, digest_of(app))


async def record_admission(parts: "Parts", app: "AppManifest", actor: str, reason: str) -> None:
    """Put on record that ``app`` was admitted; ``reason`` is why without a passed check."""
    detail = {"app": app.client_id, "digest": digest_of(app), "override": reason[:200]}
    event = AuditEvent(parts.clock(), "app_admitted", actor=actor[:64], detail=detail)
    await parts.stores.audit.record(event)


@asynccontextmanager
async def _quiet_http(parts: "Parts") -> AsyncIterator[httpx.AsyncClient]:
    """Keeps no cookies of its own: each played browser has its own."""
    from idp_bridge.app.parts import trust

    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    async with httpx.AsyncClient(timeout=10, verify=trust(parts.settings), cookies=jar) as http:
        yield http


@asynccontextmanager
async def _alone(parts: "Parts", client_id: str) -> AsyncIterator[None]:
    """One check of an app at a time; one that was killed stands in nobody's way for long."""
    lease = Lease(parts.stores.redis, f"admission:{client_id}", parts.clock)
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while not await lease.hold():
        if asyncio.get_running_loop().time() > deadline:
            raise UnderCheck(f"{client_id} is being checked by somebody else: try again later")
        await asyncio.sleep(_RENEWED_EVERY / 4)
    renewing = asyncio.create_task(_renew(lease))
    try:
        yield
    finally:
        renewing.cancel()
        await lease.release()


async def _renew(lease: Lease) -> None:
    while True:
        await asyncio.sleep(_RENEWED_EVERY)
        await lease.keep()
