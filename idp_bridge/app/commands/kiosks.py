"""`idp-bridge kiosks`: enrol, list and revoke the fixed places to sign in at."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from idp_bridge.app.commands import Subcommands
from idp_bridge.core.errors import InvalidRequest

if TYPE_CHECKING:
    from idp_bridge.app.parts import Parts

Action = Callable[["Parts", argparse.Namespace], Awaitable[None]]


def register(commands: Subcommands) -> None:
    """Add the command and its three actions."""
    kiosks = commands.add_parser("kiosks", help="enrol, list and revoke kiosks")
    kiosks.add_argument("--config", type=Path, default=Path("data/bridge.yaml"), metavar="FILE")
    actions = kiosks.add_subparsers(required=True, metavar="ACTION")
    enrol = actions.add_parser("enrol", help="name a kiosk and get its one-time enrolment code")
    enrol.add_argument("--name", required=True, help="what people call it, such as 窗口3")
    enrol.add_argument("--address", required=True)
    enrol.add_argument("--latitude", type=float, required=True)
    enrol.add_argument("--longitude", type=float, required=True)
    enrol.add_argument("--datum", choices=("WGS-84", "GCJ-02"), default="WGS-84")
    enrol.set_defaults(run=_run, action=_enrol)
    actions.add_parser("list", help="every kiosk").set_defaults(run=_run, action=_list)
    revoke = actions.add_parser("revoke", help="from now on it starts nothing")
    revoke.add_argument("id")
    revoke.set_defaults(run=_run, action=_revoke)


def _run(args: argparse.Namespace) -> int:
    from idp_bridge.app.parts import Parts
    from idp_bridge.settings import load

    async def act() -> None:
        parts = Parts(load(args.config))
        await parts.open()
        try:
            action: Action = args.action
            await action(parts, args)
        finally:
            await parts.close()

    asyncio.run(act())
    return 0


async def _enrol(parts: "Parts", args: argparse.Namespace) -> None:
    from idp_bridge.core.geo import Position

    try:
        position = Position(args.latitude, args.longitude, args.datum)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    kiosk, code = await parts.kiosks.announce(
        name=args.name, address=args.address, position=position
    )
    print(f"{kiosk.id}  {kiosk.name}")
    print(f"On the kiosk, within 24 hours: open {parts.settings.issuer}/kiosk and type {code}")


async def _list(parts: "Parts", _: argparse.Namespace) -> None:
    for kiosk in await parts.kiosks.all():
        state = "revoked" if kiosk.revoked else "enrolled" if kiosk.enrolled else "waiting"
        print(f"{kiosk.id}  {state:8}  {kiosk.name}  {kiosk.address}")


async def _revoke(parts: "Parts", args: argparse.Namespace) -> None:
    kiosk = await parts.kiosks.revoke(args.id)
    print(f"{kiosk.id}  revoked   {kiosk.name}")
