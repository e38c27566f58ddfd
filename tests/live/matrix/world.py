"""Every adapter at a running app, a browser for each, and an administrator at Keycloak."""

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from idp_bridge.admission.browser import Ask, Browser, Page
from idp_bridge.admission.keycloak_pages import KeycloakPages, by_password
from idp_bridge.core.admission import CheckPerson
from idp_bridge.core.clock import system_clock

Stack = dict[str, Any]
REALM = "workers"
# What an adapter brings back to the app, by the names of the protocols.
_CREDENTIALS = frozenset({"code", "ticket", "SAMLResponse"})


@dataclass(frozen=True, slots=True)
class Adapter:
    """One way to be integrated, an app of ours that is, and a role of that app."""

    name: str
    app: str
    role: str
    entrance: str = "/"

    def __str__(self) -> str:
        return self.name


ADAPTERS = (
    Adapter("cas-django", "key-person", "visitor"),
    Adapter("forward-auth", "volunteer-patrol", "patroller"),
    Adapter("ticket", "residence-code", "officer", "/login/workers"),
    Adapter("saml-mellon", "dispute-resolution", "mediator"),
    Adapter("oidc-authlib", "grid-service", "handler", "/login"),
    Adapter("sdk-starlette", "counselling", "counsellor", "/login/workers"),
    Adapter("sdk-django", "mediation", "mediator", "/login/workers"),
    Adapter("sdk-flask", "house-codes", "inspector", "/login/workers"),
)


class Keycloak:
    """What an administrator does in the console, and people who exist for one test."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack["urls"]["keycloak"]
        self._http = httpx.Client(base_url=f"{self.url}/admin/realms/{REALM}/", timeout=20)
        self._both = f"{self.url}/admin/realms"
        form = {"grant_type": "password", "client_id": "admin-cli", **stack["admin"]}
        told = self._http.post(f"{self.url}/realms/master/protocol/openid-connect/token", data=form)
        self._http.headers["authorization"] = f"Bearer {told.json()['access_token']}"
        self._made: list[str] = []

    def person(self, *adapters: Adapter, totp: bool = False) -> CheckPerson:
        """Somebody with a password, and the role of each adapter's app."""
        mark = secrets.token_hex(5)
        who = CheckPerson(
            realm=REALM,
            account="",
            username=f"matrix-{mark}",
            password=secrets.token_urlsafe(24),
            totp=base64.b32encode(secrets.token_bytes(20)).decode() if totp else "",
            name=f"矩阵{mark}",
            phone="",
            email=f"matrix-{mark}@check.invalid",
            post="",
        )
        account = self._make(who)
        for adapter in adapters:
            self.give(account, adapter)
        facts = {name: getattr(who, name) for name in CheckPerson.__dataclass_fields__}
        return CheckPerson(**{**facts, "account": account})

    def _make(self, who: CheckPerson) -> str:
        body = {
            "username": who.username,
            "email": who.email,
            "emailVerified": True,
            "firstName": who.name[2:],
            "lastName": who.name[:2],
            "attributes": {"display_name": [who.name]},
            "enabled": True,
            "credentials": [{"type": "password", "value": who.password, "temporary": False}],
        }
        made = self._http.post("users", json=body).raise_for_status()
        account = made.headers["location"].rpartition("/")[2]
        self._made.append(account)
        return str(account)

    def give(self, account: str, adapter: Adapter) -> None:
        client = self.client(adapter)["id"]
        role = self._http.get(f"clients/{client}/roles/{adapter.role}").raise_for_status().json()
        path = f"users/{account}/role-mappings/clients/{client}"
        self._http.post(path, json=[role]).raise_for_status()

    def take(self, account: str, adapter: Adapter) -> None:
        client = self.client(adapter)["id"]
        role = self._http.get(f"clients/{client}/roles/{adapter.role}").json()
        path = f"users/{account}/role-mappings/clients/{client}"
        self._http.request("DELETE", path, json=[role]).raise_for_status()

    def disable(self, account: str) -> None:
        held = self._http.get(f"users/{account}").json()
        self._http.put(f"users/{account}", json=held | {"enabled": False}).raise_for_status()

    def sign_out(self, account: str) -> None:
        self._http.post(f"users/{account}/logout").raise_for_status()

    def client(self, adapter: Adapter) -> dict[str, Any]:
        [found] = self._http.get("clients", params={"clientId": adapter.app}).json()
        return dict(found)

    def change(self, adapter: Adapter, **fields: Any) -> None:
        """As the console saves it."""
        held = self.client(adapter)
        attributes = {**held["attributes"], **fields.pop("attributes", {})}
        body = held | fields | {"attributes": attributes}
        self._http.put(f"clients/{held['id']}", json=body).raise_for_status()

    def clients(self, adapter: Adapter) -> dict[str, dict[str, Any]]:
        """The app's client in each realm that it is of."""
        found = {}
        for realm in ("workers", "residents"):
            address = f"{self._both}/{realm}/clients"
            for client in self._http.get(address, params={"clientId": adapter.app}).json():
                found[f"{address}/{client['id']}"] = client
        return found

    def is_closed(self, adapter: Adapter) -> bool:
        """Whether the app is off everywhere, and nobody is at work on it any more."""
        return not any(
            client["enabled"] or client["attributes"].get("bridge.closing")
            for client in self.clients(adapter).values()
        )

    def open_again(self, adapter: Adapter) -> None:
        """Enabled in both realms: one alone would not open it."""
        for address, client in self.clients(adapter).items():
            self._http.put(address, json=client | {"enabled": True}).raise_for_status()

    @contextmanager
    def codes_live(self, *, seconds: int) -> Iterator[None]:
        """How long codes of the realm may wait to be redeemed."""
        before = self._http.get("").json()["accessCodeLifespan"]
        self._http.put("", json={"accessCodeLifespan": seconds}).raise_for_status()
        try:
            yield
        finally:
            self._http.put("", json={"accessCodeLifespan": before}).raise_for_status()

    def clear(self) -> None:
        """Remove whoever was made."""
        for account in self._made:
            self._http.delete(f"users/{account}")


class Visitor:
    """One person at one browser."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, who: CheckPerson) -> None:
        keycloak = stack["urls"]["keycloak"]
        self._urls = {
            app["id"]: "{0.scheme}://{0.netloc}".format(urlsplit(app["url"]))
            for app in stack["apps"]
        }
        self._http = http
        self._who = who
        self._pages = KeycloakPages(system_clock)
        self._keycloak = keycloak
        self.browser = Browser(http, rewrite=by_password(keycloak))

    async def enter(self, adapter: Adapter) -> Page:
        """From the app's entrance, signing in at Keycloak where it asks."""
        page = await self.browser.open(self._entrance(adapter))
        return await self._pages.sign_in(self.browser, page, self._who)

    async def up_to_the_credential(self, adapter: Adapter) -> Ask:
        """Enter, but stop at the request that would bring the app its code or ticket."""
        stop = self._brings_credential(adapter)
        page = await self.browser.open(self._entrance(adapter), stop=stop)
        page = await self._pages.sign_in(self.browser, page, self._who, stop=stop)
        assert page.held is not None, (adapter, page.url, page.status, page.text[:300])
        return page.held

    async def is_inside(self, adapter: Adapter) -> bool:
        """Whether the app answers who is there; a way to sign in is no answer."""
        return bool(await self.whoami(adapter))

    async def whoami(self, adapter: Adapter) -> dict[str, Any]:
        app = self._urls[adapter.app]
        answer = await self._http.get(
            f"{app}/whoami", headers={"cookie": self.browser.jar.header(f"{app}/whoami")}
        )
        return dict(answer.json()) if answer.status_code == 200 else {}

    def passwords_asked(self) -> int:
        """How often a sign-in form of Keycloak's was sent."""
        return sum(
            1
            for hop in self.browser.trail
            if hop.ask.form is not None and "/login-actions/authenticate" in hop.ask.url
        )

    async def sign_out(self, adapter: Adapter) -> Page:
        """The app's own button."""
        app = self._urls[adapter.app]
        page = await self.browser.open(f"{app}/")
        [form] = [f for f in page.markup.forms if f.action.endswith("/logout")]
        page = await self.browser.fill_in(page, form, {})
        while (form := next((f for f in page.markup.forms if "logout" in f.action), None)) and (
            page.url.startswith(self._keycloak)
        ):
            page = await self.browser.fill_in(page, form, {})
        return page

    def _entrance(self, adapter: Adapter) -> str:
        return f"{self._urls[adapter.app]}{adapter.entrance}"

    def _brings_credential(self, adapter: Adapter) -> Callable[[Ask], bool]:
        app = self._urls[adapter.app]

        def stop(ask: Ask) -> bool:
            names = {name for name, _ in ask.parameters}
            return ask.url.startswith(f"{app}/") and bool(names & _CREDENTIALS)

        return stop


def tampered(ask: Ask, name: str) -> Ask:
    """The same request with one character of one parameter changed in its middle."""
    changed = []
    for key, value in ask.parameters:
        middle = len(value) // 2
        other = "A" if value[middle : middle + 1] != "A" else "B"
        new = value[:middle] + other + value[middle + 1 :] if key == name else value
        changed.append((key, new))
    return ask.saying(tuple(changed))


def credential(ask: Ask) -> str:
    """The parameter that proves something."""
    return next(name for name, _ in ask.parameters if name in _CREDENTIALS)
