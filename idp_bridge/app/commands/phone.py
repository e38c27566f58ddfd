"""`idp-bridge phone`: a scriptable phone for stacks on this machine, or where it is enabled."""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from idp_bridge.app.commands import Subcommands
from idp_bridge.core.errors import InvalidRequest

if TYPE_CHECKING:
    from idp_bridge.local.phone import Answer, Phone

_PASSWORD = "IDP_BRIDGE_PHONE_PASSWORD"  # noqa: S105 - the name of a variable


def register(commands: Subcommands) -> None:
    """Add the command."""
    phone = commands.add_parser("phone", help="a phone for those who have none at hand")
    phone.add_argument("--as", dest="who", required=True, metavar="NAME", help="whose phone")
    phone.add_argument("--data", type=Path, default=Path(os.environ.get("IDP_BRIDGE_DATA", "data")))
    phone.add_argument("--config", type=Path, help="a bridge's settings with scriptable_phone")
    actions = phone.add_subparsers(required=True, metavar="ACTION")
    scan = actions.add_parser("scan", help="scan a code and approve or deny")
    scan.add_argument("code", help="the code's address, a picture's file name, or - for a picture")
    scan.add_argument("--deny", action="store_true")
    phone.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    frame = _frame(args.code)
    answer = asyncio.run(_scan(args, frame))
    if answer.approved:
        print(f"approved; type on the computer: {answer.digits}" if answer.digits else "approved")
    else:
        print("denied")
    return 0


async def _scan(args: argparse.Namespace, frame: str) -> "Answer":
    def decide(context: dict[str, Any]) -> bool:
        print(_in_words(context), flush=True)
        return not args.deny

    phone, username, password = _phone(args)
    try:
        await phone.sign_in(username, password)
        return await phone.scan(frame, decide)
    finally:
        await phone.close()


def _phone(args: argparse.Namespace) -> "tuple[Phone, str, str]":
    from idp_bridge.local.folder import Folder
    from idp_bridge.local.phone import Phone
    from idp_bridge.local.status import current
    from idp_bridge.settings import load

    if args.config is not None:
        settings = load(args.config)
        if not settings.scriptable_phone:
            raise InvalidRequest("this bridge has no scriptable phone: set scriptable_phone: true")
        keys = args.config.parent / "phones" / f"{args.who}.pem"
        phone = Phone(portal=settings.resident_url, key_file=keys, ca_file=settings.ca_file)
        return phone, args.who, os.environ.get(_PASSWORD, "")
    folder = Folder.at(args.data)
    status = current(folder)
    person = next((p for p in status["people"] if args.who in (p["username"], p["name"])), None)
    if person is None or person["realm"] != "residents":
        raise InvalidRequest(f"there is no resident {args.who} in {folder.path}")
    settings = load(folder.path / "bridge.yaml", {})
    keys = folder.path / "phones" / f"{person['username']}.pem"
    phone = Phone(portal=settings.resident_url, key_file=keys, ca_file=settings.ca_file)
    return phone, person["username"], person["password"]


def _frame(code: str) -> str:
    """The frame token in an address, or in the code of a picture."""
    address = code if "#" in code else _from_picture(code)
    frame = urlsplit(address).fragment
    if not frame:
        raise InvalidRequest("this is no sign-in code")
    return frame


def _from_picture(name: str) -> str:
    from idp_bridge.local.pictures import codes_in

    try:
        picture = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{name}: {error.strerror}") from None
    found = codes_in(picture)
    if len(found) != 1:
        raise InvalidRequest(f"the picture holds {len(found)} codes, not one")
    return found[0]


def _in_words(context: dict[str, Any]) -> str:
    hours = context["minutes"] / 60
    where = (
        f"kiosk {context['kiosk']['name']}, {context['kiosk']['address']}"
        if context["kiosk"]
        else " · ".join(filter(None, (context["browser"], context["system"], context["city"])))
    )
    lines = [
        f"You sign this computer in to ALL portals for {hours:g} hours.",
        f"  where: {where or 'unknown'}  network: {context['network'] or 'unknown'}",
    ]
    lines += [f"  note: {warning.replace('_', ' ')}" for warning in context["warnings"]]
    return "\n".join(lines)
