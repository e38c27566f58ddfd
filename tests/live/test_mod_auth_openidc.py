"""Apache's mod_auth_openidc, an OpenID Connect client of other people's, set up by a manifest."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from idp_bridge.__main__ import main
from idp_bridge.admission.browser import Browser
from idp_bridge.admission.keycloak_pages import KeycloakPages, by_password
from idp_bridge.core.admission import CheckPerson
from idp_bridge.core.clock import system_clock
from tests.live.apache import apache
from tests.live.conftest import free_base
from tests.live.matrix.world import Adapter, Keycloak
from tests.waiting import comes_true

Stack = dict[str, Any]

_CONFIGURATION = """
DocumentRoot "@WORK@/pages"
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client}
OIDCClientSecret {secret}
OIDCRedirectURI {app}/callback
OIDCCryptoPassphrase {passphrase}
OIDCPKCEMethod S256
OIDCScope "openid"
OIDCRemoteUserClaim sub
OIDCRefreshAccessTokenBeforeExpiry 10
OIDCCacheShmMax 200
OIDCPassClaimsAs headers
<Location "/">
  AuthType openid-connect
  Require claim resource_access.{client}.roles:reader
</Location>
Header always set X-Seen-Name "expr=%{{req:OIDC_CLAIM_name}}"
Header always set X-Seen-More "expr=%{{req:OIDC_CLAIM_email}}%{{req:OIDC_CLAIM_given_name}}"
"""


class Site:
    """An app behind Apache, and people for it."""

    def __init__(self, stack: Stack, keycloak: Keycloak, app: str, client: str) -> None:
        self._stack, self._keycloak = stack, keycloak
        self.url = app
        self.adapter = Adapter("mod_auth_openidc", client, "reader")

    def person(self, *, reader: bool) -> CheckPerson:
        return self._keycloak.person(*([self.adapter] if reader else []))

    async def enter(self, http: httpx.AsyncClient, who: CheckPerson) -> tuple[Browser, Any]:
        browser = Browser(http, rewrite=by_password(self._stack["urls"]["keycloak"]))
        page = await browser.open(f"{self.url}/")
        return browser, await KeycloakPages(system_clock).sign_in(browser, page, who)


@pytest.fixture(scope="module")
def site(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    port = free_base(30500)
    app, client = f"http://localhost:{port}", f"openidc-{secrets.token_hex(4)}"
    secret = secrets.token_urlsafe(40)
    manifest = {
        "id": client,
        "names": {"zh": "老应用", "en": "Old app"},
        "realms": ["workers"],
        "protocol": "oidc",
        "url": {"workers": f"{app}/"},
        "addresses": {"workers": [f"{app}/callback"]},
        "roles": {"workers": {"reader": {"names": {"zh": "读者", "en": "Reader"}}}},
        "claims": ["name"],
        "oidc": {
            "secret": {"workers": secret},
            "logout_url": f"{app}/callback?logout=backchannel",
        },
    }
    file = tmp_path_factory.mktemp("openidc") / "old-app.yaml"
    file.write_text(yaml.safe_dump(manifest, allow_unicode=True), encoding="utf-8")
    filled = _CONFIGURATION.format(
        issuer=stack["realms"]["workers"]["issuer"],
        client=client,
        secret=secret,
        app=app,
        passphrase=secrets.token_urlsafe(32),
    )
    keycloak = Keycloak(stack)
    _idp_bridge(stack, "apply", str(file))
    try:
        with apache(port, ("auth_openidc",), filled):
            yield Site(stack, keycloak, app, client)
    finally:
        keycloak.clear()
        _idp_bridge(stack, "retire", client, "--yes")


def _idp_bridge(stack: Stack, *arguments: str) -> None:
    """The command line as an operator uses it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KEYCLOAK_ADMIN_USER", stack["admin"]["username"])
        environment.setenv("KEYCLOAK_ADMIN_PASSWORD", stack["admin"]["password"])
        config = str(Path(stack["data"]) / "bridge.yaml")
        assert main(["apps", *arguments, "--config", config]) == 0


async def test_a_reader_enters_and_apache_is_told_of_exactly_what_the_manifest_releases(
    site: Site,
) -> None:
    who = site.person(reader=True)
    async with httpx.AsyncClient(timeout=20) as http:
        _, page = await site.enter(http, who)

    assert (page.status, page.text) == (200, "inside")
    assert page.headers["x-seen-name"] == who.name
    assert page.headers.get("x-seen-more", "") == ""


async def test_somebody_without_the_role_stays_outside(site: Site) -> None:
    async with httpx.AsyncClient(timeout=20) as http:
        _, page = await site.enter(http, site.person(reader=False))

    assert page.status in (401, 403)
    assert page.text != "inside"


async def test_a_session_ended_at_keycloak_is_over_in_apache(site: Site, stack: Stack) -> None:
    who = site.person(reader=True)
    async with httpx.AsyncClient(timeout=20) as http:
        browser, page = await site.enter(http, who)
        assert page.text == "inside"

        Keycloak(stack).sign_out(who.account)

        async def outside() -> bool:
            app = f"{site.url}/"
            answer = await http.get(app, headers={"cookie": browser.jar.header(app)})
            return answer.status_code != 200

        assert await comes_true(outside, 3)
