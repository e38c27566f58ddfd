"""Which app a CAS service address belongs to: the one look-up, for every way a ticket may go.

Services are the app's redirect addresses at Keycloak, so an administrator sees and changes them
there. The bridge's own addresses are never a service, whatever a pattern covers.

Whoever validates a ticket says which app they are by the service alone. So a service is one app's:
of several whose addresses cover it, the one that names it most closely; of equals, nobody's.
"""

import hashlib
import re
import string

from idp_bridge.core.addresses import closeness, flaw, registered
from idp_bridge.core.apps import App
from idp_bridge.core.doors import Doors
from idp_bridge.core.errors import NotFound

PROTOCOL = "cas"
ALPHABET = string.ascii_letters + string.digits
MARK = 7
# What an answer adds to a service or callback address.
ANSWER = frozenset({"ticket", "SAMLart", "pgtId", "pgtIou", "logoutRequest"})
# Servlet containers write this into an address until they know that the browser keeps cookies, and
# the Java client then calls itself so.
_SERVLET_SESSION = re.compile(r";jsessionid=[A-Za-z0-9._!~-]*(?=\?|$)")


def named(service: str) -> str:
    """The service as it is registered, returned to and compared: without a servlet's session."""
    return _SERVLET_SESSION.sub("", service, count=1)


class CasServices:
    """The services of every app that speaks CAS; ``issuer`` is the bridge's own origin."""

    def __init__(self, doors: Doors, issuer: str) -> None:
        self._doors = doors
        # A mark names the same client for ever; what the client is set to is read each time.
        self._marks: dict[str, tuple[str, str]] = {}
        self._own = f"{issuer}/"

    async def of(self, service: str) -> tuple[App, ...]:
        """The app that ``service`` belongs to, once in each of its realms; none for an address that
        is not plain, that nobody registered, or that two apps claim alike."""
        if service.startswith(self._own) or flaw(service, reserved=ANSWER, plain_http=True):
            return ()
        apps = [(closeness(service, app.redirect_uris), app) for app in await self.apps()]
        closest = max((how for how, _ in apps), default=0)
        owners = {app.client_id for how, app in apps if how == closest > 0}
        return tuple(app for how, app in apps if how and {app.client_id} == owners)

    async def serves(self, app: App, service: str) -> bool:
        """Whether ``service`` belongs to ``app`` as everything is set up now."""
        name = (app.realm, app.client_id)
        return any((one.realm, one.client_id) == name for one in await self.of(service))

    async def after_logout(self, address: str) -> tuple[App, ...]:
        """The apps that have people sent to ``address`` once they signed out."""
        if address.startswith(self._own):
            return ()
        return tuple(app for app in await self.apps() if returns(app, address))

    async def one(self, realm: str, client_id: str) -> App | None:
        """An app that speaks CAS, by its client."""
        try:
            app = await self._doors.app(realm, client_id)
        except NotFound:
            return None
        return app if app.protocol == PROTOCOL else None

    async def marked(self, mark: str) -> App | None:
        """The app that a ticket names by its mark."""
        if mark not in self._marks:
            known = {mark_of(app): (app.realm, app.client_id) for app in await self.apps()}
            if mark not in known:
                return None
            self._marks |= known
        return await self.one(*self._marks[mark])

    async def apps(self) -> tuple[App, ...]:
        """Every app that speaks CAS."""
        return await self._doors.speaking(PROTOCOL)


def mark_of(app: App) -> str:
    """What a ticket is marked with to find its app again: seven letters and digits."""
    number = int.from_bytes(hashlib.sha256(f"{app.realm} {app.client_id}".encode()).digest())
    letters = []
    for _ in range(MARK):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(letters)


def returns(app: App, address: str) -> bool:
    """Whether a browser that signed out may be sent to ``address``."""
    after = app.settings.get("after_logout") or ()
    return not flaw(address, reserved=ANSWER, plain_http=True) and registered(
        address, (*app.redirect_uris, *after)
    )
