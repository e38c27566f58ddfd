"""An app of another language needs nothing of ours: its ecosystem's library, roles, logout."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from idp_bridge_adapters.testing import IssuerForTests
from tests.live.sdk.other_languages import LANGUAGES, Language, command, free_port, running
from tests.live.sdk.registered import registered
from tests.live.test_example_apps import Console, Stack, password_of
from tests.waiting import within

POLICE, GRID_WORKER, STAFF = "zhaolei", "chenjing", "sunli"


@dataclass(frozen=True, slots=True)
class Running:
    """An example that runs, registered at the stack."""

    language: Language
    url: str
    settings: dict[str, str]

    def signed_in(self, context: BrowserContext, stack: Stack, username: str) -> Page:
        """With the password, at Keycloak's own page."""
        page = context.new_page()
        there = context.request.get(self.url + self.language.login, max_redirects=0)
        page.goto(f"{there.headers['location']}&kc_idp_hint=")
        page.locator("#username").fill(username)
        if not page.locator("#password").is_visible():
            page.locator("#kc-login").click()
        page.locator("#password").fill(password_of(stack, username))
        page.locator("#kc-login").click()
        page.wait_for_url(f"{self.url}/**")
        return page

    def asked(self, context: BrowserContext, path: str) -> tuple[int, Any]:
        answer = context.request.get(
            self.url + path, headers={"accept": "application/json"}, max_redirects=0
        )
        return answer.status, answer.json() if answer.status == 200 else None

    def is_out(self, context: BrowserContext) -> bool:
        """Spring sends everybody to sign in; the others say 401."""
        return self.asked(context, "/whoami")[0] in (302, 401)


Registered = tuple[dict[Path, str], dict[Path, dict[str, str]]]


@pytest.fixture(scope="module")
def addresses(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    """Where each app lives, and what it is told at its registration."""
    urls = {language.manifest: f"http://localhost:{free_port()}" for language in LANGUAGES}
    with registered(stack, urls, tmp_path_factory.mktemp("manifests")) as settings:
        yield urls, settings


@pytest.fixture(scope="module", params=LANGUAGES, ids=lambda language: language.name)
def app(
    request: pytest.FixtureRequest,
    addresses: Registered,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    language: Language = request.param
    url, settings = (told[language.manifest] for told in addresses)
    log = tmp_path_factory.mktemp(language.name) / "app.log"
    with running(command(language), url, log, **settings):
        yield Running(language, url, settings)


def test_a_worker_gets_in_with_exactly_the_roles_of_this_app(
    app: Running, stack: Stack, context: BrowserContext
):
    page = app.signed_in(context, stack, POLICE)

    assert "您好，赵磊" in page.goto(app.url).text()
    status, who = app.asked(context, "/whoami")
    assert (status, who["roles"], who["acr"]) == (200, ["editor", "reader"], "password")
    assert (who["issuer"], who["name"]) == (app.settings["ISSUER"], "赵磊")
    assert app.asked(context, "/plates/edit")[0] == 200


def test_a_role_that_may_only_read_edits_nothing_and_no_role_sees_nothing(
    app: Running, stack: Stack, chromium: Browser
):
    reader, nobody = chromium.new_context(), chromium.new_context()
    app.signed_in(reader, stack, GRID_WORKER)
    app.signed_in(nobody, stack, STAFF)

    assert app.asked(reader, "/whoami")[1]["roles"] == ["reader"]
    assert app.asked(reader, "/plates/edit")[0] == 403
    assert app.asked(nobody, "/whoami")[0] == 403
    reader.close()
    nobody.close()


def test_a_session_that_keycloak_ends_is_over_here_at_once_and_a_forged_logout_ends_none(
    app: Running, stack: Stack, context: BrowserContext
):
    app.signed_in(context, stack, GRID_WORKER)
    forger = IssuerForTests(app.settings["ISSUER"], client_id=app.settings["CLIENT_ID"])
    for token in ("", "x.y.z", forger.logout_token(sub="x"), forger.id_token()):
        there = app.url + app.language.backchannel
        assert httpx.post(there, data={"logout_token": token}).status_code == 400
    assert app.asked(context, "/whoami")[0] == 200

    console = Console(stack)
    console.sign_out("workers", console.person("workers", GRID_WORKER))

    assert within(2, lambda: app.is_out(context))


def test_an_answer_that_another_browser_asked_for_signs_nobody_in(
    app: Running, stack: Stack, context: BrowserContext, chromium: Browser
):
    victim = chromium.new_context()
    app.signed_in(context, stack, POLICE)
    there = app.url + app.language.login
    for _ in range(2):
        there = context.request.get(there, max_redirects=0).headers["location"]
    assert there.startswith(app.url)

    victim.request.get(there, max_redirects=0)

    assert app.is_out(victim)
    victim.close()


def test_nobody_gets_in_without_signing_in(app: Running, chromium: Browser):
    stranger = chromium.new_context()

    assert app.is_out(stranger)
    assert app.asked(stranger, "/plates/edit")[0] in (302, 401)
    stranger.close()
