"""Keycloak's own administration console in a browser, as an administrator uses it."""

import re

from playwright.sync_api import Page, expect

from tests.live.portal_visits import Stack

# The console writes dots in names of fields so.
_DOT = "\N{BEER MUG}"


class KeycloakConsole:
    """The console of realm ``workers``; every act returns when Keycloak has taken it."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self._page = page
        self._base = stack["realms"]["workers"]["console"]
        page.goto(self._base)
        page.locator("#username").fill(stack["admin"]["username"])
        page.locator("#password").fill(stack["admin"]["password"])
        page.locator("#kc-login").click()
        expect(page.get_by_test_id("nav-item-clients")).to_be_visible(timeout=30_000)

    def disable(self, uuid: str, client_id: str) -> None:
        """Clients, the app, Enabled off."""
        self._open(f"/clients/{uuid}/settings")
        self._switch(client_id)
        self._page.get_by_test_id("confirm").click()
        self._taken()

    def enable(self, uuid: str, client_id: str) -> None:
        """Clients, the app, Enabled on."""
        self._open(f"/clients/{uuid}/settings")
        self._switch(client_id)
        self._taken()

    def add_redirect_uri(self, uuid: str, address: str) -> None:
        """Clients, the app, Valid redirect URIs."""
        self._open(f"/clients/{uuid}/settings")
        self._page.get_by_test_id("redirectUris-addValue").click()
        self._page.locator("[data-testid^=redirectUris]:is(input)").last.fill(address)
        self._page.get_by_test_id("settings-save").click()
        self._taken()

    def set_minimum_acr(self, uuid: str, acr: str) -> None:
        """Clients, the app, Advanced, Minimum ACR Value."""
        self._open(f"/clients/{uuid}/advanced")
        self._page.get_by_test_id(f"attributes.minimum{_DOT}acr{_DOT}value").fill(acr)
        self._page.get_by_test_id("OIDCAdvancedSave").click()
        self._taken()

    def associate(self, role_id: str, app_role: str) -> None:
        """Realm roles, the role, Associated roles, Assign a client role."""
        self._open(f"/roles/{role_id}/associated-roles")
        self._page.get_by_test_id("add-role-mapping-button").click()
        self._page.get_by_role("menuitem", name="Client roles").click()
        box = self._page.get_by_test_id("table-search-input").last.locator("input")
        box.fill(app_role)
        box.press("Enter")
        row = self._page.get_by_role("dialog").get_by_role("row", name=re.compile(app_role))
        row.get_by_role("checkbox").check()
        self._page.get_by_test_id("assign").click()
        self._taken()

    def _open(self, path: str) -> None:
        self._page.goto(f"{self._base}{path}")
        # A change of what stands behind # loads nothing; the console has to read Keycloak anew.
        self._page.reload()

    def _switch(self, client_id: str) -> None:
        box = self._page.get_by_test_id(f"{client_id}-switch")
        self._page.locator("label").filter(has=box).click()

    def _taken(self) -> None:
        """The console says so in green."""
        alerts = self._page.get_by_test_id("global-alerts")
        expect(alerts.locator(".pf-m-success").first).to_be_visible(timeout=15_000)
