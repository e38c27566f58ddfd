"""A forward-auth app of the tests own: a copy of the client of the patrol, gone at the end."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

CLIENT = "behind-proxies"
_COPIED = "volunteer-patrol"
RULES = {"rules": [{"paths": ["/admin/*"], "roles": ["organiser"]}], "plain_headers": True}


class Keycloak:
    """The admin API of the realm of workers."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self._url = stack["urls"]["keycloak"]
        self._admin = stack["admin"]
        self._http = httpx.Client(
            base_url=f"{self._url}/admin/realms/workers/", timeout=20, auth=self._sign
        )

    def _sign(self, request: httpx.Request) -> httpx.Request:
        """A token of the moment: they live for a minute only."""
        token = httpx.post(
            f"{self._url}/realms/master/protocol/openid-connect/token",
            data={"grant_type": "password", "client_id": "admin-cli", **self._admin},
        )
        request.headers["authorization"] = f"Bearer {token.json()['access_token']}"
        return request

    def client(self, client_id: str) -> dict[str, Any]:
        [found] = self._get("clients", clientId=client_id)
        return dict(found)

    def remove(self, client_id: str) -> None:
        for client in self._get("clients", clientId=client_id):
            self._http.delete(f"clients/{client['id']}").raise_for_status()

    def add(self, client: dict[str, Any], roles: Sequence[str]) -> None:
        self._http.post("clients", json=client).raise_for_status()
        made = self.client(client["clientId"])["id"]
        for role in roles:
            self._http.post(f"clients/{made}/roles", json={"name": role}).raise_for_status()

    def give(self, username: str, client_id: str, role: str) -> None:
        client = self.client(client_id)["id"]
        [person] = self._get("users", username=username, exact="true")
        found = self._get(f"clients/{client}/roles/{role}")
        given = f"users/{person['id']}/role-mappings/clients/{client}"
        self._http.post(given, json=[found]).raise_for_status()

    def enable(self, client_id: str, *, enabled: bool) -> None:
        client = self.client(client_id)
        changed = client | {"enabled": enabled}
        self._http.put(f"clients/{client['id']}", json=changed).raise_for_status()

    def _get(self, path: str, **query: str) -> Any:
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def registered(keycloak: Keycloak, urls: Sequence[str], patroller: str) -> Iterator[None]:
    """The app lives at each of ``urls``; ``patroller`` may enter it."""
    keycloak.remove(CLIENT)
    copied = json.loads(json.dumps(keycloak.client(_COPIED)).replace(_COPIED, CLIENT))
    attributes = copied["attributes"] | {
        "bridge.url": f"{urls[0]}/",
        "bridge.settings": json.dumps(RULES),
        "post.logout.redirect.uris": "##".join(f"{url}/.idp-bridge/signed-out" for url in urls),
    }
    mappers = [{k: v for k, v in m.items() if k != "id"} for m in copied["protocolMappers"]]
    own = {
        "attributes": attributes,
        "redirectUris": [f"{url}/.idp-bridge/callback" for url in urls],
        "protocolMappers": mappers,
    }
    kept = {k: v for k, v in copied.items() if k not in ("id", "secret", "access")}
    keycloak.add(kept | own, ["patroller", "organiser"])
    keycloak.give(patroller, CLIENT, "patroller")
    try:
        yield
    finally:
        keycloak.remove(CLIENT)
