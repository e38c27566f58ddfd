"""`idp-bridge serve`: the bridge alone, with settings of the operator's."""

import argparse
from pathlib import Path

from idp_bridge.app.commands import Subcommands


def register(commands: Subcommands) -> None:
    """Add the command."""
    command = commands.add_parser("serve", help="run the bridge with settings of your own")
    command.add_argument("--config", type=Path, metavar="FILE", help="settings in YAML")
    command.set_defaults(run=_serve)


def _serve(args: argparse.Namespace) -> int:
    from idp_bridge.app.serve import serve
    from idp_bridge.settings import load

    serve(load(args.config))
    return 0
