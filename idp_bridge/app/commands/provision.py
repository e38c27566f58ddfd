"""`idp-bridge provision`: bring Keycloak to what `realms/` declares."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from idp_bridge.core.errors import BridgeError

if TYPE_CHECKING:
    from idp_bridge.app.commands import Subcommands


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
    from idp_bridge.app.administration import (
        common_values,
        read_json,
        realm_values,
        realms_folder,
    )
    from idp_bridge.keycloak.provisioning import AdminApi, Inputs, Policy, ProvisioningError, run
    from idp_bridge.settings import load

    settings = load(arguments.config)
    user, password = _administrator(arguments)
    inputs = Inputs(
        folder=arguments.realms or realms_folder(),
        values=common_values(settings) | read_json(arguments.values),
        realm_values={realm: realm_values(settings, realm) for realm in ("residents", "workers")},
        extra_apps=tuple(arguments.apps),
        without=frozenset(arguments.without),
        demo=read_json(arguments.demo),
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


def _administrator(arguments: argparse.Namespace) -> tuple[str, str]:
    password = os.environ.get("KEYCLOAK_ADMIN_PASSWORD", "")
    if (file := arguments.keycloak_admin_password_file) is not None:
        password = file.read_text(encoding="utf-8").strip()
    if not arguments.keycloak_admin_user or not password:
        raise CannotProvision(
            "name a Keycloak administrator: KEYCLOAK_ADMIN_USER and KEYCLOAK_ADMIN_PASSWORD"
        )
    return arguments.keycloak_admin_user, password
