"""Checks of small apps at a small Keycloak, over the player's real parts."""

from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from idp_bridge.admission.check import CheckParts, check
from idp_bridge.admission.site import SignOn
from idp_bridge.core.admission import Report
from idp_bridge.core.apps import App
from idp_bridge.core.clock import system_clock
from idp_bridge.manifests.manifest import AppManifest
from tests.admission.small_apps import APP, CasApp, SmallApp
from tests.admission.small_keycloak import BRIDGE, CLIENT, KEYCLOAK


class Listed:
    """``Apps`` as a list."""

    def __init__(self, *apps: App) -> None:
        self._apps = apps

    async def of(self, realm: str) -> tuple[App, ...]:
        return self._apps


def manifest(protocol: str, **more: Any) -> AppManifest:
    """The canteen, for workers."""
    said: dict[str, Any] = {
        "id": CLIENT,
        "names": {"zh": "食堂", "en": "Canteen"},
        "realms": ["workers"],
        "protocol": protocol,
        "url": {"workers": f"{APP}/"},
        "addresses": {"workers": [f"{APP}/callback"]},
        "roles": {"workers": {"cook": {"names": {"zh": "厨师", "en": "Cook"}}}},
        "claims": ["name"],
        "check": {"whoami": "/whoami"},
    }
    if protocol == "oidc":
        said["oidc"] = {"logout_url": f"{APP}/backchannel-logout"}
    if protocol == "ticket":
        said["ticket"] = {"logout_url": f"{APP}/session-over"}
    if protocol == "saml":
        said["saml"] = {"entity_id": CLIENT, "soap_logout_url": f"{APP}/soap"}
    return AppManifest.model_validate(said | more)


def live(app: AppManifest, **more: Any) -> App:
    """The same app as Keycloak holds it."""
    facts: dict[str, Any] = {
        "realm": "workers",
        "client_id": app.client_id,
        "names": app.names.model_dump(),
        "group": app.group,
        "url": app.url["workers"],
        "protocol": app.protocol,
        "icon": "",
        "enabled": True,
        "roles": frozenset(app.roles["workers"]),
        "redirect_uris": app.addresses["workers"],
        "minimum_acr": "password",
    }
    return App(**(facts | more))


async def checked(app: AppManifest, small: SmallApp, **of_live: Any) -> Report:
    """The report about a small app."""
    keycloak = small.keycloak
    mounts = {
        KEYCLOAK: httpx.ASGITransport(keycloak.app()),
        BRIDGE: httpx.ASGITransport(keycloak.bridge()),
        APP: httpx.ASGITransport(small.app()),
    }
    if isinstance(small, CasApp):
        small.http = lambda: httpx.AsyncClient(transport=httpx.ASGITransport(keycloak.bridge()))
    other = live(app, client_id="library", roles=frozenset({"cook", "reader"}))
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    async with httpx.AsyncClient(mounts=mounts, cookies=jar) as http:
        parts = CheckParts(
            apps=Listed(live(app, **of_live), other),
            people=keycloak,
            tokens=keycloak,
            sign_on=SignOn(KEYCLOAK, BRIDGE),
            http=http,
            clock=system_clock,
            mint=lambda _, claims: keycloak.mint(claims),
            # Five seconds are for apps over a network.
            patience=timedelta(seconds=0.3),
        )
        return await check(app, parts)


def failed(report: Report) -> set[tuple[str, str]]:
    """Check and reason of everything that failed."""
    return {(finding.check, finding.reason) for finding in report.failures}
