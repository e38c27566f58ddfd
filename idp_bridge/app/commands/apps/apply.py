"""`idp-bridge apps plan | apply`: what a manifest would change at Keycloak, and for whom."""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from idp_bridge.app.administration import (
    Administration,
    CannotAdminister,
    add_options,
    connect,
)
from idp_bridge.app.commands import Subcommands

if TYPE_CHECKING:
    from idp_bridge.core.role_links import Difference, Person
    from idp_bridge.keycloak.provisioning.app_change import RightsChange
    from idp_bridge.manifests.manifest import AppManifest

_NAMES_SHOWN = 20


def register(actions: Subcommands) -> None:
    """Add both actions."""
    for name, apply, words in (
        ("plan", False, "print the difference with Keycloak, and who gains or loses"),
        ("apply", True, "make Keycloak what the manifests say"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument(
            "manifests", type=Path, nargs="*", help="manifest files (default: those of realms/apps)"
        )
        action.add_argument(
            "--overwrite", action="store_true", help="undo what was changed by hand as well"
        )
        add_options(action)
        action.set_defaults(run=_run, apply=apply)


def _run(arguments: argparse.Namespace) -> int:
    from idp_bridge.keycloak.provisioning import Policy, Verb
    from idp_bridge.keycloak.provisioning.app_life import apply_apps
    from idp_bridge.keycloak.provisioning.rest import AdminApiError
    from idp_bridge.manifests.reading import ManifestError, load_manifests

    keycloak = connect(arguments)
    files = arguments.manifests or sorted((keycloak.inputs.folder / "apps").glob("*.yaml"))
    policy = Policy(apply=arguments.apply, overwrite=arguments.overwrite)
    try:
        apps = load_manifests(files, keycloak.inputs.values)
        rights = [] if arguments.apply else list(_rights(keycloak, apps, policy.overwrite))
        lines = apply_apps(keycloak.api, keycloak.inputs, apps, policy)
    except (ManifestError, AdminApiError) as error:
        raise CannotAdminister(str(error)) from None
    said = [*map(str, lines), *rights]
    if arguments.apply:
        said += secrets_made({line.item for line in lines if line.verb is Verb.CREATE}, apps)
    print("\n".join(said) if said else "Nothing to do.")
    return 0


def secrets_made(created: set[str], apps: "tuple[AppManifest, ...]") -> Iterator[str]:
    """Where to find the secrets that Keycloak made, since no manifest named them."""
    for app in apps:
        for realm, client_id in app.without_secret():
            if f"{realm}: client {client_id}" in created:
                where = f"Clients, {client_id}, Credentials"
                yield f"{realm}: Keycloak made the secret of {client_id}: in its console, {where}"


def _rights(
    keycloak: Administration, apps: "tuple[AppManifest, ...]", overwrite: bool
) -> Iterator[str]:
    from idp_bridge.keycloak.provisioning.app_change import rights_change

    changes = [
        rights_change(keycloak.api, realm, app, overwrite=overwrite)
        for app in apps
        for realm in app.realms
    ]
    # Names are for the eyes of whoever sits at the prompt, not for logs of a pipeline.
    names = sys.stdout.isatty()
    for change, differences in asyncio.run(_differences(keycloak, changes)):
        for role, difference in differences.items():
            yield from told(change, role, difference, names=names)


async def _differences(
    keycloak: Administration, changes: "list[RightsChange]"
) -> "list[tuple[RightsChange, dict[str, Difference]]]":
    from idp_bridge.app.parts import Parts
    from idp_bridge.core.role_links import Role
    from idp_bridge.keycloak.effective import effective

    parts = Parts(keycloak.settings)
    found = []
    try:
        for change in changes:
            if change.change.added or change.change.removed:
                asked = effective(parts.apis[change.realm])
                roles = {role: Role(change.client_id, role) for role in change.roles}
                of_roles = {
                    name: await asked.difference(role, change.change)
                    for name, role in roles.items()
                }
                whole = await asked.of_app(roles.values(), change.change)
                found.append((change, {**of_roles, "": whole}))
    finally:
        await parts.close()
    return found


def told(
    change: "RightsChange", role: str, difference: "Difference", *, names: bool
) -> Iterator[str]:
    """What one change does to one role; with an empty ``role``, to the whole app."""
    what = f"role {change.client_id}/{role}" if role else f"the app {change.client_id}"
    when = "" if change.admitted else " once admitted"
    for verb, people in (("gain", difference.gains), ("lose", difference.losses)):
        if people:
            said = f"{change.realm}: {len(people)} {verb} {what}{when}"
            yield f"{said}: {_names(people)}" if names else said


def _names(people: "tuple[Person, ...]") -> str:
    shown = [f"{person.name} ({person.username})" for person in people[:_NAMES_SHOWN]]
    more = len(people) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
