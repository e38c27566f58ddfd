"""Check `logout`: the end of a session reaches the app."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from idp_bridge.admission.browser import Browser
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.player import Player
from idp_bridge.manifests.manifest import AppManifest

PATIENCE = timedelta(seconds=5)
_PAUSE = 0.25


async def check_logout(
    player: Player,
    browser: Browser,
    findings: Findings,
    *,
    end: Callable[[], Awaitable[None]],
    patience: timedelta,
) -> None:
    """Once the session has ended at Keycloak, the app turns the same browser away in time."""
    if not await player.inside(browser):
        findings.failed("logout", "not_inside_before")
        return
    await end()
    waiting = asyncio.get_running_loop().time() + patience.total_seconds()
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
        return bool(app.saml and (app.saml.soap_logout_url or app.saml.logout_url))
    if app.protocol == "ticket":
        return bool(app.ticket and app.ticket.logout_url)
    return app.cas is None or app.cas.single_logout
