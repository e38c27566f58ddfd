"""`idp-bridge apps`: the life of an app, from its manifest to its retirement.

One module per group of actions, found by its file name; each has ``register``.
"""

import pkgutil
from importlib import import_module

from idp_bridge.app.commands import Subcommands


def register(commands: Subcommands) -> None:
    """Add the family and its actions."""
    family = commands.add_parser("apps", help="plan, apply, list, suspend and retire apps")
    actions: Subcommands = family.add_subparsers(required=True, metavar="ACTION")
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}").register(actions)
