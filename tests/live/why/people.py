"""An administrator at Keycloak, and people at the portals of the shared stack."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import httpx

from idp_bridge.__main__ import main
from tests.live.portal_visits import Administrator, Stack

T = TypeVar("T")


class Console(Administrator):
    """What an administrator does at Keycloak, beyond posts."""

    def account(self, username: str) -> str:
        """Keycloak's id of a person."""
        [person] = self._http.get("users", params={"username": username, "exact": "true"}).json()
        return str(person["id"])

    def client(self, client_id: str) -> dict[str, Any]:
        """An app's client."""
        [client] = self._http.get("clients", params={"clientId": client_id}).json()
        found: dict[str, Any] = client
        return found

    def make_role(self, name: str) -> None:
        """A realm role, if it is not there yet; it is never deleted here."""
        assert self._http.post("roles", json={"name": name}).status_code in (201, 409)

    def realm_role(self, name: str, *, holder: str) -> str:
        """The id of a realm role that ``holder`` has."""
        self.make_role(name)
        self.give(holder, name)
        return str(self._http.get(f"roles/{name}").json()["id"])

    def give(self, username: str, role: str) -> None:
        """A realm role."""
        self._role("POST", username, role)

    def take(self, username: str, role: str) -> None:
        """A realm role, back."""
        self._role("DELETE", username, role)

    def carry(self, role: str, client_id: str, app_role: str, *, carries: bool = True) -> None:
        """Let a realm role carry a role of an app, or stop it."""
        uuid = self.client(client_id)["id"]
        row = self._http.get(f"clients/{uuid}/roles/{app_role}").json()
        verb = "POST" if carries else "DELETE"
        self._http.request(verb, f"roles/{role}/composites", json=[row]).raise_for_status()

    def app_roles(self, username: str, client_id: str) -> set[str]:
        """Roles of an app that somebody holds, whatever the way."""
        uuid, account = self.client(client_id)["id"], self.account(username)
        rows = self._http.get(f"users/{account}/role-mappings/clients/{uuid}/composite").json()
        return {row["name"] for row in rows}

    def take_app_role(self, username: str, client_id: str, role: str) -> None:
        """A role of an app, back."""
        uuid, account = self.client(client_id)["id"], self.account(username)
        row = self._http.get(f"clients/{uuid}/roles/{role}").json()
        path = f"users/{account}/role-mappings/clients/{uuid}"
        self._http.request("DELETE", path, json=[row]).raise_for_status()

    def set_attribute(self, client_id: str, **attributes: str) -> None:
        """Attributes of a client; ``__`` stands for a full stop."""
        client = self.client(client_id)
        said = {name.replace("__", "."): value for name, value in attributes.items()}
        changed = client | {"attributes": client["attributes"] | said}
        self._http.put(f"clients/{client['id']}", json=changed).raise_for_status()

    def _role(self, verb: str, username: str, role: str) -> None:
        row = self._http.get(f"roles/{role}").json()
        path = f"users/{self.account(username)}/role-mappings/realm"
        self._http.request(verb, path, json=[row]).raise_for_status()


Ask = Callable[..., Any]


def asker(stack: Stack) -> Ask:
    """``ask("why", "chenjing", "grid-service")``: what the command line answers, as JSON."""
    config = str(config_of(stack))

    def run(words: tuple[str, ...]) -> Any:
        with redirect_stdout(StringIO()) as said:
            assert main([*words, "--json", "--config", config]) == 0
        return json.loads(said.getvalue())

    def ask(*words: str) -> Any:
        return in_a_thread(lambda: run(words))

    return ask


def in_a_thread(work: Callable[[], T]) -> T:
    """Beside Playwright, whose loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def config_of(stack: Stack) -> Path:
    """The settings of the stack."""
    return Path(stack["data"]) / "bridge.yaml"


def session_is_over(origin: str, cookies: list[Any]) -> bool:
    """Whether a browser with these cookies is signed out at ``origin``."""
    jar = {cookie["name"]: cookie["value"] for cookie in cookies}
    answer = httpx.get(f"{origin}/sessions", cookies=jar, headers={"accept": "text/html"})
    return answer.status_code == 303
