r"""``/cas/logout``: ends the single sign-on session; the browser goes where the app registered.

    logout --silent trip--> whose session? --end--> Keycloak --> signed-out --> the app, or a page
                   \--nobody's, in any realm of the app------------------------^

The bridge keeps no session of the browser itself, so it asks Keycloak silently whose it is.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from idp_bridge.core.apps import App
from idp_bridge.core.cas_services import CasServices
from idp_bridge.core.pages import Pages
from idp_bridge.endpoints.entry import Arrival, Entry
from idp_bridge.incoming import parameters_of, reader_from

PROTOCOL = "cas-logout"
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class CasSignOut:
    """The logout endpoint, and where it ends."""

    entry: Entry
    services: CasServices
    pages: Pages
    issuer: str

    async def logout(self, request: Request) -> Response:
        """Ask Keycloak who is signed in, without a word to the person."""
        said = parameters_of(request)
        address = said.get("service") or said.get("url", "")
        returning = await self.services.after_logout(address)
        every = await self.services.apps()
        realms = {app.realm for app in returning or every}
        asking = _one_of_each(realms, every)
        return await self._try(request, asking, address if returning else "")

    async def arrive(self, request: Request, arrival: Arrival) -> Response:
        """End the session that was found, or look in the next realm."""
        address = arrival.wanted["address"]
        if arrival.session is None:
            left = json.loads(arrival.wanted["others"])
            known = {(app.realm, app.client_id): app for app in await self.services.apps()}
            others = [known[tuple(key)] for key in left if tuple(key) in known]
            return await self._try(request, others, address)
        end = f"{self.issuer}/cas/signed-out"
        to = await self.entry.sessions(arrival.app).end(arrival.token, end)
        mark = "&" if "?" in to else "?"
        # Keycloak hands the state on; it is looked at again where it arrives.
        to = f"{to}{mark}{urlencode({'state': address})}" if address else to
        return RedirectResponse(to, 303, _NO_STORE)

    async def signed_out(self, request: Request) -> Response:
        """On to the app, if that is where browsers may be sent."""
        address = parameters_of(request).get("state", "")
        if address and await self.services.after_logout(address):
            return RedirectResponse(address, 303, _NO_STORE)
        page = self.pages.render("oidc/signed_out.html", reader_from(request))
        return HTMLResponse(page, headers=_NO_STORE)

    async def _try(self, request: Request, apps: Sequence[App], address: str) -> Response:
        if not apps:
            query = f"?{urlencode({'state': address})}" if address else ""
            return RedirectResponse(f"/cas/signed-out{query}", 303, _NO_STORE)
        first, *others = apps
        left = json.dumps([[app.realm, app.client_id] for app in others])
        wanted = {"address": address, "others": left}
        return await self.entry.send(
            request, first, protocol=PROTOCOL, wanted=wanted, extra={"prompt": "none"}
        )


def _one_of_each(realms: Collection[str], apps: Sequence[App]) -> list[App]:
    """Any open app of a realm learns who is signed in there; best one that asks for no level, for
    Keycloak is silent about people who did not reach it."""
    ranked = sorted((app for app in apps if app.enabled), key=lambda app: bool(app.minimum_acr))
    return list({app.realm: app for app in reversed(ranked) if app.realm in realms}.values())
