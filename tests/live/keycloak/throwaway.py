"""A realm made for one test and removed after it, in the Keycloak that the suite runs.

Tests that switch events off, disable people and sign everybody out cannot share a realm.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

SECRET = "an-app-secret-of-32-characters-or-more"
PASSWORD = "kite-river-42"
BRIDGE_ROLES = (
    "view-realm",
    "view-users",
    "manage-users",
    "manage-clients",
    "view-clients",
    "view-events",
    "query-users",
    "query-clients",
    "query-groups",
)


@dataclass
class Realm:
    """An administrator's hands on one throwaway realm.

    Tests that share it have a ``mark`` each, which ends every name that they make.
    """

    keycloak: str
    name: str
    http: httpx.Client
    bridge_secret: str
    made: dict[str, str] = field(default_factory=dict)
    mark: str = ""

    def begin(self) -> None:
        """For one more test."""
        self.mark = f"-{secrets.token_hex(3)}"
        self.made = {}

    def named(self, name: str) -> str:
        return name + self.mark

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        address = f"{self.keycloak}/admin/realms/{self.name}{path}"
        answer = self.http.request(method, address, json=body)
        answer.raise_for_status()
        return answer

    def get(self, path: str) -> Any:
        return self.ask("GET", path).json()

    def make(self, path: str, body: Any) -> str:
        return self.ask("POST", path, body).headers["Location"].rsplit("/", 1)[1]

    def role(self, name: str) -> dict[str, Any]:
        self.ask("POST", "/roles", {"name": self.named(name)})
        return dict(self.get(f"/roles/{self.named(name)}"))

    def client_role(self, client: str, name: str) -> dict[str, Any]:
        self.ask("POST", f"/clients/{client}/roles", {"name": name})
        return dict(self.get(f"/clients/{client}/roles/{name}"))

    def client(self, client_id: str, **more: Any) -> str:
        body = {
            "clientId": self.named(client_id),
            "secret": SECRET,
            "directAccessGrantsEnabled": True,
        }
        return self.make("/clients", body | more)

    def group(self, name: str, parent: str = "") -> str:
        body = {"name": self.named(name)}
        if not parent:
            return self.make("/groups", body)
        return str(self.ask("POST", f"/groups/{parent}/children", body).json()["id"])

    def person(self, username: str, **more: Any) -> str:
        password = {"type": "password", "value": PASSWORD, "temporary": False}
        username = self.named(username)
        body = {
            "username": username,
            "enabled": True,
            "firstName": "伟",
            "lastName": "张",
            "email": f"{username}@district.example",
            "emailVerified": True,
            "credentials": [password],
        }
        return self.make("/users", body | more)

    def sign_in(self, username: str, client_id: str = "app") -> dict[str, Any]:
        given = {"username": self.named(username), "password": PASSWORD}
        return self._token({"grant_type": "password"} | given, client_id)

    def refresh(self, tokens: dict[str, Any], client_id: str = "app") -> dict[str, Any]:
        given = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        return self._token(given, client_id)

    def sign_out(self, tokens: dict[str, Any], client_id: str = "app") -> None:
        form = {"refresh_token": tokens["refresh_token"]} | self._credentials(client_id)
        self.http.post(f"{self.oidc}/logout", data=form).raise_for_status()

    def sessions(self, person: str) -> list[str]:
        return [row["id"] for row in self.get(f"/users/{person}/sessions")]

    @property
    def oidc(self) -> str:
        return f"{self.keycloak}/realms/{self.name}/protocol/openid-connect"

    def _token(self, form: dict[str, str], client_id: str) -> dict[str, Any]:
        form = form | self._credentials(client_id) | {"scope": "openid"}
        answer = httpx.post(f"{self.oidc}/token", data=form, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())

    def _credentials(self, client_id: str) -> dict[str, str]:
        return {"client_id": self.named(client_id), "client_secret": SECRET}


@contextmanager
def throwaway_realm(keycloak: str, username: str, password: str) -> Iterator[Realm]:
    """Events on, and the service account ``idp-bridge`` with the roles that it needs."""
    with httpx.Client(timeout=30) as http:
        http.auth = _Bearer(keycloak, username, password)
        realm = Realm(keycloak, f"t-{secrets.token_hex(4)}", http, secrets.token_urlsafe(32))
        body = {
            "realm": realm.name,
            "enabled": True,
            "eventsEnabled": True,
            "adminEventsEnabled": True,
            "adminEventsDetailsEnabled": True,
            "sslRequired": "none",
        }
        http.post(f"{keycloak}/admin/realms", json=body).raise_for_status()
        try:
            _make_bridge_client(realm)
            yield realm
        finally:
            realm.ask("DELETE", "")


class _Bearer(httpx.Auth):
    requires_response_body = True

    def __init__(self, keycloak: str, username: str, password: str) -> None:
        self._address = f"{keycloak}/realms/master/protocol/openid-connect/token"
        self._form = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": username,
            "password": password,
        }
        self._token, self._until = "", 0.0

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        if time.monotonic() > self._until:
            answer = yield httpx.Request("POST", self._address, data=self._form)
            self._token = answer.json()["access_token"]
            self._until = time.monotonic() + 30
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _make_bridge_client(realm: Realm) -> None:
    client = realm.make(
        "/clients",
        {
            "clientId": "idp-bridge",
            "secret": realm.bridge_secret,
            "serviceAccountsEnabled": True,
            "standardFlowEnabled": False,
        },
    )
    account = realm.get(f"/clients/{client}/service-account-user")["id"]
    manage = realm.get("/clients?clientId=realm-management")[0]["id"]
    roles = [realm.get(f"/clients/{manage}/roles/{name}") for name in BRIDGE_ROLES]
    realm.ask("POST", f"/users/{account}/role-mappings/clients/{manage}", roles)
