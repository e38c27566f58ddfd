"""What commands need that change Keycloak itself: its administrator, and what fills in `realms/`.

The administrator is named by the environment; for a stack of `idp-bridge up` the one that it made
itself is found beside its settings.
"""

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from idp_bridge.core.errors import BridgeError

if TYPE_CHECKING:
    from idp_bridge.keycloak.provisioning import AdminApi, Inputs
    from idp_bridge.settings import Settings

    Realm = Literal["residents", "workers"]


class CannotAdminister(BridgeError):
    """Nothing was done; the message says what is missing."""

    code = "administration_failed"


@dataclass(frozen=True, slots=True)
class Administration:
    """One command's connection to Keycloak, as its administrator."""

    settings: "Settings"
    api: "AdminApi"
    inputs: "Inputs"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that ``connect`` reads."""
    parser.add_argument(
        "--config", type=Path, default=Path("data/bridge.yaml"), metavar="FILE", help="settings"
    )
    parser.add_argument("--realms", type=Path, metavar="DIR", help="declarations, not our own")
    parser.add_argument("--values", type=Path, metavar="JSON", help="what fills in ${name}")
    parser.add_argument("--keycloak-admin-user", default=os.environ.get("KEYCLOAK_ADMIN_USER"))
    parser.add_argument("--keycloak-admin-password-file", type=Path, metavar="FILE")


def connect(arguments: argparse.Namespace) -> Administration:
    """Connect to Keycloak. Raises ``CannotAdminister``."""
    from idp_bridge.keycloak.provisioning import AdminApi, Inputs
    from idp_bridge.settings import load

    settings = load(arguments.config)
    user, password = _administrator(arguments)
    url = settings.keycloak_internal_url or settings.keycloak_url
    verify = str(settings.ca_file) if settings.ca_file else True
    inputs = Inputs(
        folder=arguments.realms or realms_folder(),
        values=common_values(settings) | read_json(_values_file(arguments)),
        realm_values={realm: realm_values(settings, realm) for realm in ("residents", "workers")},
    )
    return Administration(settings, AdminApi(url, user, password, verify=verify), inputs)


def realms_folder() -> Path:
    """The declarations that came with this installation, or of the working copy."""
    packaged = Path(__file__).parents[1] / "_realms"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "realms"


def common_values(settings: "Settings") -> dict[str, str]:
    """What placeholders stand for in every realm."""
    names = ("issuer", "resident_url", "worker_url", "admin_url", "keycloak_url")
    values = {name: str(getattr(settings, name)) for name in names}
    return {**values, "sector_url": f"{settings.issuer}/apps/sector.json"}


def realm_values(settings: "Settings", realm: "Realm") -> dict[str, str]:
    """What placeholders stand for in one realm."""
    return {"bridge_secret": settings.bridge_client_secrets[realm].get_secret_value()}


def read_json(file: Path | None) -> dict[str, Any]:
    """A JSON file's keys and values; of no file, none. Raises ``CannotAdminister``."""
    if file is None:
        return {}
    try:
        loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CannotAdminister(f"{file.name} cannot be read as JSON") from None
    return loaded


def _values_file(arguments: argparse.Namespace) -> Path | None:
    beside: Path = arguments.config.parent / "values.json"
    named: Path | None = arguments.values
    return named or (beside if beside.exists() else None)


def _administrator(arguments: argparse.Namespace) -> tuple[str, str]:
    user = arguments.keycloak_admin_user
    password = os.environ.get("KEYCLOAK_ADMIN_PASSWORD", "")
    if (file := arguments.keycloak_admin_password_file) is not None:
        password = file.read_text(encoding="utf-8").strip()
    made = arguments.config.parent / "secrets.json"
    if not password and not user and made.exists():
        user, password = "admin", str(read_json(made).get("admin", ""))
    if not user or not password:
        raise CannotAdminister(
            "name a Keycloak administrator: KEYCLOAK_ADMIN_USER and KEYCLOAK_ADMIN_PASSWORD"
        )
    return user, password
