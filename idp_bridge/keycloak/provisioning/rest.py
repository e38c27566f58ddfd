"""Keycloak's Admin API as plain documents: python-keycloak's connection, our addresses."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakError

Document = dict[str, Any]


class AdminApiError(Exception):
    """Keycloak refused something or cannot be reached; the message holds no secret."""


class AdminApi:
    """Reads and writes JSON documents below ``/admin``. Every failure is an ``AdminApiError``."""

    def __init__(self, url: str, user: str, password: str, *, verify: str | bool = True) -> None:
        # Keycloak's own ids by what they were looked up with; nothing outlives a deletion.
        self.ids: dict[str, str] = {}
        # python-keycloak joins addresses: without the slash the last segment would be lost.
        self._admin = KeycloakAdmin(
            server_url=f"{url}/",
            username=user,
            password=password,
            realm_name="master",
            verify=verify,
        )

    def get(self, path: str) -> Any:
        """The document at ``path``; ``None`` when there is none."""
        return self._call("get", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self._call("post", path, body)

    def put(self, path: str, body: Any = None) -> Any:
        return self._call("put", path, body)

    def delete(self, path: str, body: Any = None) -> Any:
        """Delete what is at ``path``; what is gone already is no failure."""
        self.ids.clear()
        return self._call("delete", path, body)

    def _call(self, verb: str, path: str, body: Any = None) -> Any:
        try:
            connection = self._admin.connection
            call = getattr(connection, f"raw_{verb}")
            arguments = {} if verb == "get" else {"data": _json(body)}
            response = call(f"admin{path}", **arguments)
        except KeycloakError as error:
            if error.response_code in (400, 401):
                raise AdminApiError("Keycloak does not accept this administrator") from None
            raise AdminApiError(f"Keycloak does not answer ({type(error).__name__})") from None
        if response.status_code == 404 and verb in ("get", "delete"):
            return None
        if response.status_code >= 400:
            raise AdminApiError(
                f"{verb.upper()} {path}: {response.status_code} {_reason(response)}"
            )
        return response.json() if response.content else None


def part(name: str) -> str:
    """``name`` as one segment of a path."""
    return quote(name, safe="")


def _json(body: Any) -> str | None:
    # A text is a document of another kind than JSON, such as SAML metadata.
    return body if body is None or isinstance(body, str) else json.dumps(body)


def _reason(response: Any) -> str:
    try:
        answer = response.json()
    except ValueError:
        return ""
    if not isinstance(answer, Mapping):
        return ""
    return str(answer.get("errorMessage") or answer.get("error_description") or answer.get("error"))
