"""Apps that take signed tickets: what is set about each, and which addresses a ticket may go to.

The addresses are the app's redirect addresses at Keycloak, so an administrator sees and changes
them there. The bridge's own addresses are never a service, whatever a pattern covers.
"""

from dataclasses import dataclass

from idp_bridge.core.addresses import flaw, registered
from idp_bridge.core.apps import App
from idp_bridge.core.doors import Doors
from idp_bridge.core.errors import BridgeError, InvalidRequest, NotFound

PROTOCOL = "ticket"
ALGORITHMS = ("ES256", "RS256", "HS256")
# RFC 7518, 3.2: a key for HS256 is at least as long as its hash.
LEAST_SECRET = 32
# What an answer adds to a service address.
_ANSWER = frozenset({"ticket", "state", "error"})


class UnknownApp(NotFound):
    """No app of this name takes signed tickets."""

    code, public = "unknown_client", "This system is not registered"


class ServiceRefused(InvalidRequest):
    """The address is not registered for the app; nobody is sent there."""

    code, public = "redirect_refused", "This address is not registered"


class AppMisconfigured(BridgeError):
    """What is set about the app does not allow a safe ticket."""

    code, status, public = "app_misconfigured", 503, "This app is not set up completely"


@dataclass(frozen=True, slots=True)
class TicketRules:
    """How one app takes its tickets. ``secret`` is what it redeems with and the key of HS256."""

    algorithm: str
    by_form: bool
    secret: str
    logout_url: str


def rules_of(app: App) -> TicketRules:
    """What is set about ``app``. Raises ``AppMisconfigured``."""
    said = app.settings
    algorithm = said.get("algorithm", "ES256")
    secrets = said.get("secret")
    secret = str(secrets.get(app.realm, "")) if isinstance(secrets, dict) else ""
    if algorithm not in ALGORITHMS:
        raise AppMisconfigured(f"{app.client_id}: unknown algorithm")
    if secret and len(secret) < LEAST_SECRET:
        raise AppMisconfigured(f"{app.client_id}: the secret is too short")
    if algorithm == "HS256" and not secret:
        raise AppMisconfigured(f"{app.client_id}: HS256 without a secret")
    by_form = said.get("delivery", "form") != "redirect"
    return TicketRules(algorithm, by_form, secret, str(said.get("logout_url") or ""))


class TicketApps:
    """The apps of every realm that take tickets; ``issuer`` is the bridge's own origin."""

    def __init__(self, doors: Doors, issuer: str) -> None:
        self._doors = doors
        self._own = f"{issuer}/"

    async def named(self, client_id: str) -> tuple[App, ...]:
        """The app, once for each of its realms. Raises ``UnknownApp``."""
        speaking = await self._doors.speaking(PROTOCOL)
        found = tuple(app for app in speaking if app.client_id == client_id)
        if not found:
            raise UnknownApp(f"no app {client_id[:40]!r} takes tickets")
        return found

    async def serving(self, client_id: str, service: str) -> tuple[App, ...]:
        """Those of ``named`` that ``service`` belongs to. Raises ``ServiceRefused``."""
        found = tuple(app for app in await self.named(client_id) if self.serves(app, service))
        if not found:
            raise ServiceRefused("the service is not plain, or not registered")
        return found

    async def is_service(self, address: str) -> bool:
        """Whether ``address`` belongs to any of the apps."""
        apps = await self._doors.speaking(PROTOCOL)
        return any(self.serves(app, address) for app in apps)

    def serves(self, app: App, service: str) -> bool:
        """Whether ``service`` is registered for ``app`` as it is set up now."""
        if service.startswith(self._own) or flaw(service, reserved=_ANSWER, plain_http=True):
            return False
        return registered(service, app.redirect_uris)
