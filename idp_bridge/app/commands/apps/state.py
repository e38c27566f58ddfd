"""`idp-bridge apps suspend | resume | retire`: both realms at once."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from idp_bridge.app.administration import CannotAdminister, add_options, connect
from idp_bridge.app.commands import Subcommands

if TYPE_CHECKING:
    from idp_bridge.settings import Settings


def register(actions: Subcommands) -> None:
    """Add the three actions."""
    for name, words in (
        ("suspend", "close an app at once: its sessions end, nobody gets in"),
        ("resume", "open a suspended app again"),
        ("retire", "remove an app with everything that belongs to it"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("app", help="id of the app")
        if name == "retire":
            action.add_argument("--yes", action="store_true", help="do not ask")
        add_options(action)
        action.set_defaults(run=_run, action=name)


def _run(arguments: argparse.Namespace) -> int:
    from idp_bridge.keycloak.provisioning import app_life
    from idp_bridge.keycloak.provisioning.rest import AdminApiError

    keycloak = connect(arguments)
    if arguments.action == "retire" and not (arguments.yes or _sure(arguments.app)):
        return 1
    try:
        if arguments.action == "retire":
            retired = app_life.retire(keycloak.api, arguments.app)
            asyncio.run(_forget(keycloak.settings, retired[0].client_id))
            print("\n".join(f"{app.realm}: {app.client_id} removed" for app in retired))
            print(f"Remove its manifest, too, or the next `provision` brings {arguments.app} back.")
        else:
            act = app_life.suspend if arguments.action == "suspend" else app_life.resume
            for app in act(keycloak.api, arguments.app):
                print(f"{app.realm}: {app.client_id} {_DONE[arguments.action]}")
    except (app_life.NoSuchApp, AdminApiError) as error:
        raise CannotAdminister(str(error)) from None
    return 0


_DONE = {"suspend": "suspended", "resume": "in service"}


def _sure(app: str) -> bool:
    answer = input(f"Remove {app} with its roles and whoever holds them? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


async def _forget(settings: "Settings", client_id: str) -> None:
    """What the bridge itself keeps about the app."""
    from idp_bridge.app.parts import Parts

    parts = Parts(settings)
    await parts.open()
    try:
        await parts.stores.app_traces.forget(client_id)
    finally:
        await parts.close()
