"""One app in one realm, as the check goes to see it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from idp_bridge.admission.browser import Ask, Browser
from idp_bridge.admission.cookies import origin_of
from idp_bridge.core.apps import App
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.parts import Realm


@dataclass(frozen=True, slots=True)
class SignOn:
    """Where people sign in: Keycloak's public address, and the bridge's."""

    keycloak: str
    issuer: str

    @property
    def origins(self) -> frozenset[str]:
        return frozenset({origin_of(self.keycloak), origin_of(self.issuer)})


@dataclass(frozen=True, slots=True)
class Site:
    """``manifest`` is what was promised, ``live`` what Keycloak holds."""

    realm: Realm
    manifest: AppManifest
    live: App
    sign_on: SignOn

    @property
    def url(self) -> str:
        """What the tile in the portal opens."""
        return self.manifest.url[self.realm]

    @property
    def origins(self) -> frozenset[str]:
        """Where the app itself is."""
        addresses = (self.url, *self.manifest.addresses.get(self.realm, ()))
        return frozenset(origin_of(address) for address in addresses) - self.sign_on.origins

    @property
    def minimum_acr(self) -> str:
        """The lowest level that may get in: the manifest's, or else what the realm demands."""
        return self.manifest.minimum_acr.get(self.realm, "") or self.live_acr

    @property
    def live_acr(self) -> str:
        """The level that Keycloak asks for; SAML clients have it as a URN."""
        return self.live.minimum_acr.rpartition(":")[2]

    @property
    def protected(self) -> str:
        """The page that the manifest calls protected, or nothing."""
        check = self.manifest.check
        path = check.page or check.whoami
        return f"{origin_of(self.url)}{path}" if path else ""

    @property
    def whoami(self) -> str:
        """Where the app says what it was told, or nothing."""
        path = self.manifest.check.whoami
        return f"{origin_of(self.url)}{path}" if path else ""

    def is_app(self, url: str) -> bool:
        """Whether ``url`` is the app's."""
        return origin_of(url) in self.origins

    def leaves(self, ask: Ask) -> bool:
        """Whether a request goes somewhere else than to the app."""
        return not self.is_app(ask.url)

    def is_answer(self, browser: Browser, ask: Ask) -> bool:
        """Whether the browser is on its way back to the app from signing in."""
        before = browser.trail[-1].ask.url if browser.trail else ""
        return origin_of(before) in self.sign_on.origins and self.is_app(ask.url)


def place(url: str) -> str:
    """An address without its query, to be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
