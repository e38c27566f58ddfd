"""What an administrator changes in Keycloak's own console, the bridge follows within 2 s."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.sync_api import APIResponse, Page

from idp_bridge.__main__ import main
from tests.live.portal_visits import Stack, sign_in
from tests.live.why.conftest import NewBrowser
from tests.live.why.keycloak_console import KeycloakConsole
from tests.live.why.people import Console, config_of, in_a_thread
from tests.waiting import within

APP = f"console-{secrets.token_hex(3)}"
ROLE, MAPPED = f"{APP}-tester", "foretold-by-a-test"
SERVICE, ANOTHER = (f"https://{APP}.example/{path}" for path in ("login", "another"))
MANIFEST = {
    "id": APP,
    "names": {"zh": "控制台试用", "en": "Console trial"},
    "realms": ["workers"],
    "protocol": "cas",
    "url": {"workers": f"https://{APP}.example/"},
    "addresses": {"workers": [SERVICE]},
    "roles": {"workers": {ROLE: {"names": {"zh": "试用者", "en": "Tester"}, "from": []}}},
}


@pytest.fixture
def app(stack: Stack, tmp_path: Path) -> Iterator[str]:
    """An admitted CAS app that nobody has a role in; its client's id at Keycloak."""
    file = tmp_path / "manifest.yaml"
    file.write_text(yaml.safe_dump(MANIFEST, allow_unicode=True), encoding="utf-8")

    def apps(*words: str) -> None:
        done = in_a_thread(lambda: main(["apps", *words, "--config", str(config_of(stack))]))
        assert done == 0

    apps("apply", str(file))
    apps("admit", str(file), "--override", "it exists for a test of the console")
    yield str(Console(stack, "workers").client(APP)["id"])
    Console(stack, "workers").take("huangbo", MAPPED)
    apps("retire", APP, "--yes")


def test_the_bridge_follows_what_is_changed_in_the_keycloak_console(
    stack: Stack, browser: NewBrowser, app: str
) -> None:
    bridge, portal = stack["urls"]["bridge"], stack["urls"]["worker_portal"]
    role_id = Console(stack, "workers").realm_role(MAPPED, holder="huangbo")
    person = browser().new_page()
    sign_in(person, stack, portal, "huangbo")
    console = KeycloakConsole(browser_in_english(browser), stack)
    assert "控制台试用" not in _tiles(person, portal)

    console.associate(role_id, ROLE)
    assert within(2, lambda: "控制台试用" in _tiles(person, portal))
    assert _entered(person, bridge, SERVICE)

    assert not _is_known(bridge, ANOTHER)
    console.add_redirect_uri(app, ANOTHER)
    assert within(2, lambda: _is_known(bridge, ANOTHER))
    assert _entered(person, bridge, ANOTHER)

    console.set_minimum_acr(app, "mfa")
    assert within(2, lambda: not _entered(person, bridge, SERVICE))
    console.set_minimum_acr(app, "password")
    assert within(2, lambda: _entered(person, bridge, SERVICE))

    console.disable(app, APP)
    assert within(2, lambda: "控制台试用" not in _tiles(person, portal))
    assert not _entered(person, bridge, SERVICE)
    console.enable(app, APP)
    assert within(2, lambda: _entered(person, bridge, SERVICE))


def browser_in_english(browser: NewBrowser) -> Page:
    """The console's words are looked for in English."""
    context = browser()
    context.set_extra_http_headers({"accept-language": "en"})
    return context.new_page()


def _tiles(page: Page, portal: str) -> str:
    page.goto(f"{portal}/")
    return " ".join(page.locator("a.tile").all_inner_texts())


def _is_known(bridge: str, service: str) -> bool:
    """Whether somebody signed out is sent to sign in for this service."""
    answer = httpx.get(f"{bridge}/cas/login", params={"service": service})
    return answer.status_code in (302, 303)


def _entered(page: Page, bridge: str, service: str) -> bool:
    """Whether the person comes to the service with a ticket, without a screen between."""
    address = str(httpx.URL(f"{bridge}/cas/login", params={"service": service}))
    for _ in range(12):
        answer: APIResponse = page.request.get(address, max_redirects=0)
        address = answer.headers.get("location", "")
        if answer.status not in (302, 303) or not address:
            return False
        if address.startswith(service):
            return "ticket=" in address
    return False
