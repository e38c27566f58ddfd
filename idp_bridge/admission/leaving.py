"""Check `logout`: the end of a session reaches the app."""

import asyncio

from idp_bridge.admission.browser import Browser
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.player import Player
from idp_bridge.core.admission import CheckPeople, CheckPerson
from idp_bridge.manifests.manifest import AppManifest

PATIENCE = 5.0
_PAUSE = 0.25


async def check_logout(
    player: Player, browser: Browser, person: CheckPerson, people: CheckPeople, findings: Findings
) -> None:
    """Ended at Keycloak, the app turns the same browser away within five seconds."""
    if not await player.inside(browser):
        findings.failed("logout", "not_inside_before")
        return
    await people.end_sessions(person)
    waiting = asyncio.get_running_loop().time() + PATIENCE
    while await player.inside(browser):
        if asyncio.get_running_loop().time() > waiting:
            _say_late(player.site.manifest, findings)
            return
        await asyncio.sleep(_PAUSE)
    findings.passed("logout")


def _say_late(app: AppManifest, findings: Findings) -> None:
    if _is_told(app):
        findings.failed("logout", "logout_ignored")
    else:
        findings.warned("logout", "no_logout_address")


def _is_told(app: AppManifest) -> bool:
    """Whether the manifest names a way to tell the app."""
    if app.protocol == "oidc":
        return bool(app.oidc and app.oidc.logout_url)
    if app.protocol == "saml":
        return bool(app.saml and app.saml.logout_url)
    if app.protocol == "ticket":
        return bool(app.ticket and app.ticket.logout_url)
    return app.cas is None or app.cas.single_logout
