"""The example apps on the real stack: one sign-in, roles followed, sign-out that reaches all."""

from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Page

from tests.waiting import within

Stack = dict[str, Any]
GRID_WORKER = "chenjing"
RESIDENT = "lina"


def app_url(stack: Stack, app_id: str) -> str:
    [origin] = {
        str(httpx.URL(app["url"]).copy_with(path="/")).rstrip("/")
        for app in stack["apps"]
        if app["id"] == app_id
    }
    return origin


def password_of(stack: Stack, username: str) -> str:
    [person] = [person for person in stack["people"] if person["username"] == username]
    return str(person["password"])


class Console:
    """What an administrator does in the Keycloak console."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack["urls"]["keycloak"]
        form = {"grant_type": "password", "client_id": "admin-cli", **stack["admin"]}
        token = httpx.post(
            f"{self._url}/realms/master/protocol/openid-connect/token", data=form
        ).json()["access_token"]
        self._http = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=20)

    def person(self, realm: str, username: str) -> str:
        [found] = self._get(f"/{realm}/users?exact=true&username={username}")
        return str(found["id"])

    def post(self, realm: str, path: str) -> str:
        return str(self._get(f"/{realm}/group-by-path/{path.strip('/')}")["id"])

    def client_secret(self, realm: str, client_id: str) -> str:
        [client] = self._get(f"/{realm}/clients?clientId={client_id}")
        return str(self._get(f"/{realm}/clients/{client['id']}/client-secret")["value"])

    def leave(self, realm: str, person: str, group: str) -> None:
        self._http.delete(f"{self._admin(realm)}/users/{person}/groups/{group}").raise_for_status()

    def join(self, realm: str, person: str, group: str) -> None:
        self._http.put(f"{self._admin(realm)}/users/{person}/groups/{group}").raise_for_status()

    def sign_out(self, realm: str, person: str) -> None:
        self._http.post(f"{self._admin(realm)}/users/{person}/logout").raise_for_status()

    def _admin(self, realm: str) -> str:
        return f"{self._url}/admin/realms/{realm}"

    def _get(self, path: str) -> Any:
        answer = self._http.get(f"{self._url}/admin/realms{path}")
        answer.raise_for_status()
        return answer.json()


def sign_in(page: Page, stack: Stack, login: str, username: str) -> None:
    """With the password, at Keycloak's own page, whatever the realm sends people to first."""
    to_keycloak = page.context.request.get(login, max_redirects=0).headers["location"]
    page.goto(f"{to_keycloak}&kc_idp_hint=")
    page.locator("#username").fill(username)
    if not page.locator("#password").is_visible():
        page.locator("#kc-login").click()
    page.locator("#password").fill(password_of(stack, username))
    page.locator("#kc-login").click()
    page.wait_for_url(lambda url: url.startswith(login.rpartition("/login")[0]))


def whoami(page: Page, url: str) -> tuple[int, dict[str, Any]]:
    answer = page.context.request.get(f"{url}/whoami")
    return answer.status, answer.json()


def test_a_worker_signs_in_once_and_sees_the_own_grid_in_two_apps(
    stack: Stack, context: BrowserContext
):
    grid, houses = app_url(stack, "grid-service"), app_url(stack, "house-codes")
    page = context.new_page()

    sign_in(page, stack, f"{grid}/login", GRID_WORKER)

    status, who = whoami(page, grid)
    assert (status, who["roles"], who["acr"]) == (200, ["handler"], "password")
    assert {"role": "grid-worker", "org": "/baoan/xixiang/gongle/grid-12"} in who["posts"]
    assert "12网格" in page.locator("ul.cards").inner_text()
    assert "13网格" not in page.locator("ul.cards").inner_text()
    page.goto(f"{houses}/login/workers")
    assert page.url == f"{houses}/"
    assert whoami(page, houses)[1]["roles"] == ["inspector"]


def test_a_post_taken_and_given_back_in_the_console_is_followed_within_two_seconds(
    stack: Stack, context: BrowserContext
):
    grid, console = app_url(stack, "grid-service"), Console(stack)
    person = console.person("workers", GRID_WORKER)
    post = console.post("workers", "/baoan/xixiang/gongle/grid-12/grid-worker")
    page = context.new_page()
    sign_in(page, stack, f"{grid}/login", GRID_WORKER)
    assert whoami(page, grid)[0] == 200

    console.leave("workers", person, post)
    try:
        assert within(3, lambda: whoami(page, grid)[0] in (401, 403))
    finally:
        console.join("workers", person, post)
    sign_in(context.new_page(), stack, f"{grid}/login", GRID_WORKER)
    assert whoami(page, grid)[1]["roles"] == ["handler"]


def test_signing_out_of_one_app_ends_the_other_within_two_seconds(
    stack: Stack, context: BrowserContext
):
    grid, houses = app_url(stack, "grid-service"), app_url(stack, "house-codes")
    page = context.new_page()
    sign_in(page, stack, f"{grid}/login", GRID_WORKER)
    page.goto(f"{houses}/login/workers")
    assert whoami(page, houses)[0] == 200

    page.goto(f"{grid}/")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{grid}/signed-out*")

    assert within(2, lambda: whoami(page, houses)[0] == 401)
    assert whoami(page, grid)[0] == 401


def test_legal_aid_knows_a_resident_by_a_name_that_no_other_app_knows(
    stack: Stack, context: BrowserContext
):
    aid, houses = app_url(stack, "legal-aid"), app_url(stack, "house-codes")
    page = context.new_page()
    sign_in(page, stack, f"{aid}/login", RESIDENT)
    page.goto(f"{houses}/login/residents")

    here, there = whoami(page, aid)[1], whoami(page, houses)[1]

    assert here["roles"] == ["applicant"]
    assert there["roles"] == ["lookup"]
    own_id = Console(stack).person("residents", RESIDENT)
    assert len({here["subject"], there["subject"], own_id}) == 3


def test_a_worker_without_a_role_there_is_refused_with_a_page_that_says_so(
    stack: Stack, context: BrowserContext
):
    grid = app_url(stack, "grid-service")
    page = context.new_page()

    sign_in(page, stack, f"{grid}/login", "wumin")

    assert whoami(page, grid)[0] == 403
    assert "您目前不能进入本应用" in page.locator("main").inner_text()
