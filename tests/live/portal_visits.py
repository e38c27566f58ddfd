"""What people do at the portals of a real stack, and what an administrator does meanwhile."""

import base64
import hmac
import struct
import time
from typing import Any

import httpx
from playwright.sync_api import Page

Stack = dict[str, Any]


def person_of(stack: Stack, username: str) -> dict[str, Any]:
    """A demo person."""
    return next(person for person in stack["people"] if person["username"] == username)


def sign_in(page: Page, stack: Stack, origin: str, username: str) -> None:
    """With password, and with the one-time code where Keycloak asks for one."""
    person = person_of(stack, username)
    page.goto(f"{origin}/login?next=/&way=")
    page.locator("#username").fill(username)
    if not page.locator("#password").is_visible():
        page.locator("[type=submit]").first.click()
    page.locator("#password").fill(person["password"])
    page.locator("#kc-login").click()
    page.wait_for_load_state()
    if page.locator("#otp").is_visible():
        page.locator("#otp").fill(one_time_code(person["totp"]))
        page.locator("#kc-login").click()
    page.wait_for_url(lambda url: url.startswith(f"{origin}/"))


def one_time_code(secret: str) -> str:
    """The code of RFC 6238 for now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    offset = mac[-1] & 15
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


class Administrator:
    """Somebody at the Keycloak console."""

    def __init__(self, stack: Stack, realm: str) -> None:
        keycloak = stack["urls"]["keycloak"]
        self._http = httpx.Client(base_url=f"{keycloak}/admin/realms/{realm}/", timeout=20)
        token = self._http.post(
            f"{keycloak}/realms/master/protocol/openid-connect/token",
            data={"grant_type": "password", "client_id": "admin-cli", **stack["admin"]},
        )
        self._http.headers["authorization"] = f"Bearer {token.json()['access_token']}"

    def join(self, username: str, post: str) -> None:
        """Give a post."""
        self._http.put(self._membership(username, post)).raise_for_status()

    def leave(self, username: str, post: str) -> None:
        """Take a post."""
        self._http.delete(self._membership(username, post)).raise_for_status()

    def sign_out(self, username: str) -> None:
        """End every session of a person."""
        self._http.post(f"users/{self._person(username)}/logout").raise_for_status()

    def suspend(self, client_id: str, *, enabled: bool) -> None:
        """Disable an app, or enable it again."""
        [client] = self._http.get("clients", params={"clientId": client_id}).json()
        changed = client | {"enabled": enabled}
        self._http.put(f"clients/{client['id']}", json=changed).raise_for_status()

    def _membership(self, username: str, post: str) -> str:
        group = self._http.get(f"group-by-path/{post.strip('/')}").json()
        return f"users/{self._person(username)}/groups/{group['id']}"

    def _person(self, username: str) -> str:
        query = {"username": username, "exact": "true"}
        [person] = self._http.get("users", params=query).json()
        return str(person["id"])
