"""Plays people at one app: goes there, signs in, looks whether they are in."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import httpx

from idp_bridge.admission.browser import Ask, Browser, Page, Stop
from idp_bridge.admission.cookies import Jar, origin_of
from idp_bridge.admission.keycloak_pages import KeycloakPages, by_password
from idp_bridge.admission.site import Site, place
from idp_bridge.core.admission import CheckPerson

_GOOD = range(200, 300)


class Player:
    """``protected`` is the page that tells: named by the manifest, or learnt from a sign-in."""

    def __init__(self, site: Site, http: httpx.AsyncClient, pages: KeycloakPages) -> None:
        self.site = site
        self.protected = site.protected
        self.landing = site.url
        self._http = http
        self._pages = pages

    def browser(
        self, jar: Jar | None = None, rewrite: Callable[[str], str] = lambda url: url
    ) -> Browser:
        """A new browser, with nothing in it but ``jar``."""
        own = by_password(self.site.sign_on.keycloak)
        return Browser(self._http, jar=jar, rewrite=lambda url: rewrite(own(url)))

    def signed_on(self, browser: Browser) -> Browser:
        """Another browser that is signed in as ``browser`` is, but was never at the app."""
        return self.browser(browser.jar.copy(origins=self.site.sign_on.origins))

    async def enter(self, browser: Browser, person: CheckPerson, stop: Stop | None = None) -> Page:
        """Open the app and sign in, as far as it goes."""
        page = await browser.open(self.site.url, stop=stop)
        page = await self._as_whom(browser, page, stop)
        return await self._pages.sign_in(browser, page, person, stop=stop)

    async def answer(self, browser: Browser, person: CheckPerson) -> Ask | None:
        """What would bring the browser back to the app, signed in; it is not sent."""
        page = await self.enter(browser, person, lambda ask: self.site.is_answer(browser, ask))
        return page.held

    async def deliver(self, browser: Browser, ask: Ask) -> Page:
        """Send the app an answer, and see what it does by itself."""
        return await browser.go(ask, stop=self.site.leaves)

    def learn(self, landing: Page) -> None:
        """What a sign-in ends at is a protected page, if the manifest names none."""
        self.landing = landing.url.partition("#")[0]
        self.protected = self.protected or self.landing

    async def inside(self, browser: Browser, headers: Mapping[str, str] | None = None) -> bool:
        """Whether the app shows its protected page, without anybody signing in (again)."""
        for _ in range(2):
            page = await browser.open(self.protected, stop=self.site.leaves, headers=headers)
            if page.held is not None or page.status not in _GOOD:
                return False
            if place(page.url) == place(self.protected):
                return True
        return False

    async def _as_whom(self, browser: Browser, page: Page, stop: Stop | None) -> Page:
        """Where an app of both realms has the bridge ask, answer."""
        if page.held or origin_of(page.url) != origin_of(self.site.sign_on.issuer):
            return page
        for link in page.markup.links:
            if parse_qs(urlsplit(link).query).get("realm") == [self.site.realm]:
                return await browser.open(link, stop=stop)
        return page
