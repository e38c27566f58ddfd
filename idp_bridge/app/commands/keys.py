"""`idp-bridge keys rotate`: new signing keys; the old ones verify until their tokens end."""

import argparse
from datetime import timedelta
from pathlib import Path

from idp_bridge.app.commands import Subcommands


def register(commands: Subcommands) -> None:
    """Add the command."""
    family = commands.add_parser("keys", help="the keys that the bridge signs with")
    rotate = family.add_subparsers(required=True, metavar="ACTION").add_parser(
        "rotate", help="make new keys, drop those whose tokens have ended"
    )
    rotate.add_argument("--config", type=Path, metavar="FILE", help="settings in YAML")
    rotate.add_argument(
        "--now", action="store_true", help="sign with them at once, not five minutes from now"
    )
    rotate.set_defaults(run=_rotate)


def _rotate(args: argparse.Namespace) -> int:
    from idp_bridge.core.clock import system_clock
    from idp_bridge.oidc.keys import AHEAD, rotate
    from idp_bridge.settings import load

    folder = load(args.config).keys_folder
    for kid in rotate(folder, system_clock, ahead=timedelta(0) if args.now else AHEAD):
        print(f"New key {kid}")
    return 0
