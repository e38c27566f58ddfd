"""`idp-bridge up | down | reset | status`: a whole stack on this machine."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from idp_bridge.app.commands import Subcommands

if TYPE_CHECKING:
    from idp_bridge.local.folder import Folder
    from idp_bridge.local.plan import Options

_DATA = "IDP_BRIDGE_DATA"


def register(commands: Subcommands) -> None:
    """Add the four commands."""
    starting = commands.add_parser("up", help="start Keycloak, Redis, LDAP, bridge and apps")
    _add_up_options(starting)
    starting.set_defaults(run=_up)
    for name, run, words in (
        ("down", _down, "stop the stack; its data is kept"),
        ("reset", _reset, "stop the stack and delete its data"),
        ("status", _status, "say whether the stack is ready, and where and who"),
    ):
        command = commands.add_parser(name, help=words)
        _add_data(command)
        command.set_defaults(run=run)
        if name == "reset":
            command.add_argument("--yes", action="store_true", help="do not ask")
        if name == "status":
            command.add_argument("--json", action="store_true", help="for scripts")


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get(_DATA) or "data"),
        metavar="DIR",
        help=f"the folder of everything that is written (default: ${_DATA}, or ./data)",
    )


def _add_up_options(command: argparse.ArgumentParser) -> None:
    _add_data(command)
    add = command.add_argument
    add("--detach", action="store_true", help="run in the background, return when ready")
    add("--port-base", type=int, default=8400, metavar="N", help="first port (default: 8400)")
    add(
        "--public-url",
        action="append",
        default=[],
        metavar="[NAME=]URL",
        help="the https address of the bridge behind a TLS proxy; NAME= for another part, "
        "https://{name}.city.example for all of them",
    )
    add("--lan", action="store_true", help="HTTPS on this machine's address, for real phones")
    add("--config", type=Path, metavar="FILE", help="more settings, OP clients and apps")


def _options(args: argparse.Namespace) -> "Options":
    from idp_bridge.local.plan import Options

    return Options(args.data, args.port_base, tuple(args.public_url), args.lan, args.config)


def _folder(args: argparse.Namespace) -> "Folder":
    from idp_bridge.local.folder import Folder

    return Folder.at(args.data)


def _up(args: argparse.Namespace) -> int:
    from idp_bridge.local.control import up, up_detached

    if args.detach:
        up_detached(_options(args), _same_arguments(args))
    else:
        up(_options(args))
    return 0


def _same_arguments(args: argparse.Namespace) -> list[str]:
    words = ["--data", str(args.data), "--port-base", str(args.port_base)]
    words += [word for url in args.public_url for word in ("--public-url", url)]
    words += ["--lan"] if args.lan else []
    return words + (["--config", str(args.config)] if args.config else [])


def _down(args: argparse.Namespace) -> int:
    from idp_bridge.local.control import down

    print(down(_folder(args)), file=sys.stderr)
    return 0


def _reset(args: argparse.Namespace) -> int:
    from idp_bridge.local.control import reset

    folder = _folder(args)
    if not args.yes:
        answer = input(f"Delete {folder.path} with all its accounts and keys? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            return 1
    print(reset(folder), file=sys.stderr)
    return 0


def _status(args: argparse.Namespace) -> int:
    from idp_bridge.local.console import Terminal
    from idp_bridge.local.errors import NotRunning
    from idp_bridge.local.status import current

    status = current(_folder(args))
    if args.json:
        print(json.dumps(status, ensure_ascii=False, indent=1))
    else:
        Terminal().summary(status)
    return 0 if status["ready"] else NotRunning.exit_code
