"""`idp-bridge provision`: bring Keycloak to what `realms/` declares."""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from idp_bridge.core.errors import BridgeError

if TYPE_CHECKING:
    from idp_bridge.app.commands import Subcommands
    from idp_bridge.settings import Settings

    Realm = Literal["residents", "workers"]


class CannotProvision(BridgeError):
    """Provisioning stopped; the message says why."""

    code = "provisioning_failed"


def register(commands: "Subcommands") -> None:
    """Add `provision`."""
    parser = commands.add_parser("provision", help="bring Keycloak to what realms/ declares")
    parser.add_argument("--config", type=Path, help="settings file (IDP_BRIDGE_CONFIG)")
    parser.add_argument("--plan", action="store_true", help="print the difference, change nothing")
    parser.add_argument(
        "--overwrite", action="store_true", help="undo what was changed by hand on declared things"
    )
    parser.add_argument("--realms", type=Path, help="folder of declarations, in place of our own")
    parser.add_argument("--apps", type=Path, nargs="*", default=[], help="more app manifests")
    parser.add_argument(
        "--without", nargs="*", default=[], metavar="ID", help="leave these apps out"
    )
    parser.add_argument("--values", type=Path, help="JSON: what fills in ${name}")
    parser.add_argument("--demo", type=Path, help="JSON: user name to password of demo people")
    parser.add_argument("--keycloak-admin-user", default=os.environ.get("KEYCLOAK_ADMIN_USER"))
    parser.add_argument("--keycloak-admin-password-file", type=Path)
    parser.set_defaults(run=provision)


def provision(arguments: argparse.Namespace) -> int:
    """Run it and print what differs, one line each; drift is a report, not a failure."""
    from idp_bridge.keycloak.provisioning import AdminApi, Inputs, Policy, ProvisioningError, run
    from idp_bridge.settings import load

    settings = load(arguments.config)
    user, password = _administrator(arguments)
    inputs = Inputs(
        folder=arguments.realms or realms_folder(),
        values=_common(settings) | _json(arguments.values),
        realm_values={realm: _of_realm(settings, realm) for realm in ("residents", "workers")},
        extra_apps=tuple(arguments.apps),
        without=frozenset(arguments.without),
        demo=_json(arguments.demo),
    )
    url = settings.keycloak_internal_url or settings.keycloak_url
    verify = str(settings.ca_file) if settings.ca_file else True
    try:
        policy = Policy(apply=not arguments.plan, overwrite=arguments.overwrite)
        lines = run(AdminApi(url, user, password, verify=verify), inputs, policy)
    except ProvisioningError as error:
        raise CannotProvision(str(error)) from None
    print("\n".join(map(str, lines)) if lines else "Nothing to do.")
    return 0


def realms_folder() -> Path:
    """The declarations that came with this installation, or of the working copy."""
    packaged = Path(__file__).parents[2] / "_realms"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "realms"


def _administrator(arguments: argparse.Namespace) -> tuple[str, str]:
    password = os.environ.get("KEYCLOAK_ADMIN_PASSWORD", "")
    if (file := arguments.keycloak_admin_password_file) is not None:
        password = file.read_text(encoding="utf-8").strip()
    if not arguments.keycloak_admin_user or not password:
        raise CannotProvision(
            "name a Keycloak administrator: KEYCLOAK_ADMIN_USER and KEYCLOAK_ADMIN_PASSWORD"
        )
    return arguments.keycloak_admin_user, password


def _common(settings: "Settings") -> dict[str, str]:
    names = ("issuer", "resident_url", "worker_url", "admin_url", "keycloak_url")
    return {name: str(getattr(settings, name)) for name in names}


def _of_realm(settings: "Settings", realm: "Realm") -> dict[str, str]:
    return {"bridge_secret": settings.bridge_client_secrets[realm].get_secret_value()}


def _json(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CannotProvision(f"{file.name} cannot be read as JSON") from None
    return loaded
