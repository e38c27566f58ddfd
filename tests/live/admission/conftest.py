"""A real app of its own for each test, beside those of the shared stack."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from idp_bridge.__main__ import main
from idp_bridge.keycloak.provisioning import AdminApi
from tests.waiting import within

EXAMPLE = Path(__file__).parents[3] / "adapters" / "examples" / "grid_service"


class Newcomer:
    """Grid service management once more, under another name; ``declared`` is its manifest."""

    def __init__(self, folder: Path, stack: dict[str, Any]) -> None:
        self.id = f"newcomer-{secrets.token_hex(4)}"
        admin, self._keycloak = stack["admin"], stack["urls"]["keycloak"]
        self.api = AdminApi(self._keycloak, admin["username"], admin["password"])
        self.config = Path(stack["data"]) / "bridge.yaml"
        self._file = folder / "newcomer.yaml"
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://localhost:{self._port}"
        self.secret = secrets.token_urlsafe(32)
        self.declared: dict[str, Any] = {
            "id": self.id,
            "names": {"zh": "新来的", "en": "Newcomer"},
            "realms": ["workers"],
            "protocol": "oidc",
            "url": {"workers": f"{self.url}/"},
            "addresses": {"workers": [f"{self.url}/callback"]},
            "roles": {
                "workers": {
                    "observer": {"names": {"zh": "观察员", "en": "Observer"}, "from": ["leader"]}
                }
            },
            "claims": ["name", "posts"],
            "oidc": {
                "secret": {"workers": self.secret},
                "logout_url": f"{self.url}/backchannel-logout",
            },
            "check": {"whoami": "/whoami"},
        }

    def file(self) -> str:
        self._file.write_text(yaml.safe_dump(self.declared, allow_unicode=True), encoding="utf-8")
        return str(self._file)

    def run(self, action: str, *arguments: str) -> int:
        """`idp-bridge apps`, as an app's owner types it."""
        return main(["apps", action, self.file(), *arguments, "--config", str(self.config)])

    def start(self, **environment: str) -> None:
        """Run the app."""
        own = {
            "APP_URL": self.url,
            "LISTEN": f"127.0.0.1:{self._port}",
            "SESSION_SECRET": secrets.token_urlsafe(32),
            "CLIENT_ID": self.id,
            "CLIENT_SECRET": self.secret,
            "ISSUER": f"{self._keycloak}/realms/workers",
            "PATH": os.environ["PATH"],
        }
        self._process = subprocess.Popen((sys.executable, str(EXAMPLE)), env=own | environment)
        assert within(60, self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
        if self.client() is not None:
            main(["apps", "retire", self.id, "--yes", "--config", str(self.config)])

    def client(self) -> dict[str, Any] | None:
        found = self.api.get(f"/realms/workers/clients?clientId={self.id}")
        return found[0] if found else None

    def path(self) -> str:
        """Where the client is in Keycloak's Admin API."""
        client = self.client()
        assert client is not None
        return f"/realms/workers/clients/{client['id']}"

    def change(self, **fields: Any) -> None:
        """As an administrator does in Keycloak's console."""
        client = self.client()
        assert client is not None
        attributes = client["attributes"] | fields.pop("attributes", {})
        self.api.put(self.path(), client | fields | {"attributes": attributes})

    def state(self) -> str:
        client = self.client()
        assert client is not None
        return str(client["attributes"]["bridge.state"])

    def people(self) -> list[dict[str, Any]]:
        """Whoever was made for a check of this app."""
        found: list[dict[str, Any]] = self.api.get(
            f"/realms/workers/users?q=bridge_check:{self.id}"
        )
        return found

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}/healthz").status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def newcomer(stack: dict[str, Any], tmp_path: Path) -> Iterator[Newcomer]:
    app = Newcomer(tmp_path, stack)
    yield app
    app.stop()


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What was printed since the last look."""
    return lambda: "".join(capsys.readouterr())
