"""One app on the shared stack: its manifest, the command line, and Keycloak to look into."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from idp_bridge.__main__ import main
from idp_bridge.keycloak.provisioning import AdminApi
from idp_bridge.keycloak.provisioning.app_life import promote


class TrialApp:
    """A CAS app of both realms; ``declared`` is its manifest, changed by tests as they go."""

    def __init__(self, folder: Path, config: Path, api: AdminApi) -> None:
        self.id = f"trial-{secrets.token_hex(4)}"
        self.machine = f"{self.id}-machine"
        self.api = api
        self._file = folder / "trial.yaml"
        self._config = config
        self.declared: dict[str, Any] = {
            "id": self.id,
            "names": {"zh": "试用", "en": "Trial"},
            "realms": ["residents", "workers"],
            "protocol": "cas",
            "url": {realm: f"https://trial.example/{realm}" for realm in ("residents", "workers")},
            "addresses": {
                realm: [f"https://trial.example/{realm}/*"] for realm in ("residents", "workers")
            },
            "roles": {
                "residents": {"reader": _role("resident")},
                "workers": {
                    "viewer": _role("staff"),
                    "handler": _role({"role": "grid-worker", "org": "/baoan/xixiang"}),
                },
            },
            "owner": "sunli",
            "service_accounts": [
                {"id": self.machine, "roles": ["viewer"], "orgs": ["/baoan/xixiang"]}
            ],
        }

    def file(self) -> str:
        self._file.write_text(yaml.safe_dump(self.declared, allow_unicode=True), encoding="utf-8")
        return str(self._file)

    @property
    def options(self) -> list[str]:
        return ["--config", str(self._config)]

    def run(self, action: str, *arguments: str) -> None:
        """`idp-bridge apps` as an operator types it."""
        assert main(["apps", action, *arguments, *self.options]) == 0

    def client(self, realm: str, client_id: str = "") -> dict[str, Any] | None:
        found = self.api.get(f"/realms/{realm}/clients?clientId={client_id or self.id}")
        return found[0] if found else None

    def holders(self, realm: str, role: str) -> tuple[set[str], set[str]]:
        """Realm roles and groups that give ``role``."""
        client = self.client(realm)
        assert client is not None
        path = f"/realms/{realm}/clients/{client['id']}/roles/{role}"
        groups = {group["path"] for group in self.api.get(f"{path}/groups")}
        wanted = self.api.get(path)["id"]
        roles = set()
        for held in self.api.get(f"/realms/{realm}/roles"):
            carried = self.api.get(f"/realms/{realm}/roles-by-id/{held['id']}/composites")
            if wanted in {one["id"] for one in carried or ()}:
                roles.add(held["name"])
        return roles, groups


def _role(*given: Any) -> dict[str, Any]:
    return {"names": {"zh": "角色", "en": "Role"}, "from": list(given)}


def _app(stack: dict[str, Any], folder: Path) -> Iterator[TrialApp]:
    admin = stack["admin"]
    api = AdminApi(stack["urls"]["keycloak"], admin["username"], admin["password"])
    app = TrialApp(folder, Path(stack["data"]) / "bridge.yaml", api)
    yield app
    if any(app.client(realm) for realm in ("residents", "workers")):
        app.run("retire", app.id, "--yes")


@pytest.fixture
def trial(stack: dict[str, Any], tmp_path: Path) -> Iterator[TrialApp]:
    """An app of this test alone, with a manifest and nothing at Keycloak yet."""
    yield from _app(stack, tmp_path)


@pytest.fixture(scope="module")
def standing(stack: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrialApp]:
    """An admitted app, to look at only."""
    for app in _app(stack, tmp_path_factory.mktemp("standing")):
        yield admitted(app)


def admitted(app: TrialApp) -> TrialApp:
    """The app, in force for everybody whom its manifest names."""
    app.run("apply", app.file())
    promote(app.api, app.id, "admitted")
    app.run("apply", app.file())
    return app


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """The lines printed since the last look."""
    return lambda: capsys.readouterr().out.splitlines()
