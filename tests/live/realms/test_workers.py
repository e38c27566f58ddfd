"""The `workers` realm of the stack: posts in tokens, LDAP people, administrators' second factor."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from idp_bridge.keycloak.provisioning import AdminApi
from tests.live.portal_visits import Stack, person_of

GRID_12, GRID_13 = "/baoan/xixiang/gongle/grid-12", "/baoan/xixiang/gongle/grid-13"


@pytest.fixture
def api(stack: Stack) -> AdminApi:
    admin = stack["admin"]
    return AdminApi(stack["urls"]["keycloak"], admin["username"], admin["password"])


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="en-US")
    yield context.new_page()
    context.close()


def token_of(api: AdminApi, username: str, client_id: str, kind: str) -> dict[str, Any]:
    """What ``client_id`` would be told about somebody."""
    [client] = api.get(f"/realms/workers/clients?clientId={client_id}")
    [person] = api.get(f"/realms/workers/users?exact=true&username={username}")
    tokens = f"clients/{client['id']}/evaluate-scopes/generate-example-{kind}-token"
    told: dict[str, Any] = api.get(f"/realms/workers/{tokens}?userId={person['id']}&scope=openid")
    return told


@pytest.mark.parametrize("kind", ["id", "access"])
def test_a_token_says_which_role_is_held_where(api: AdminApi, kind: str) -> None:
    told = token_of(api, "chenjing", "grid-service", kind)

    assert sorted(told["groups"]) == [f"{GRID_12}/grid-worker", f"{GRID_13}/counsellor"]
    assert told["resource_access"]["grid-service"]["roles"] == ["handler"]


def test_a_role_that_ldap_gives_reaches_the_app(api: AdminApi) -> None:
    told = token_of(api, "zhaolei", "house-codes", "id")

    assert told["resource_access"]["house-codes"]["roles"] == ["inspector"]


def test_an_app_hears_only_of_its_own_roles(api: AdminApi) -> None:
    told = token_of(api, "chenjing", "grid-service", "access")

    assert set(told["resource_access"]) == {"grid-service"}
    assert told["aud"] == "grid-service"


@pytest.mark.parametrize("realm", ["workers", "residents"])
@pytest.mark.parametrize("role", ["offline_access", "manage-account", "manage-account-links"])
def test_nobody_may_outlive_the_session_or_rename_themselves(
    api: AdminApi, realm: str, role: str
) -> None:
    held = api.get(f"/realms/{realm}/roles/default-roles-{realm}/composites")

    assert role not in {one["name"] for one in held}


def test_an_administrator_is_asked_for_a_second_factor_everywhere(stack: Stack, page: Page) -> None:
    admin = person_of(stack, "adminlin")
    page.goto(f"{stack['urls']['worker_portal']}/login?next=/&way=")
    page.fill("#username", admin["username"])
    page.fill("#password", admin["password"])
    page.click("#kc-login")

    assert page.locator("#otp").is_visible()
