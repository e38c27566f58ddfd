"""The subcommands of `idp-bridge`: one module per family, found by its file name.

A module has ``register``, which adds its parsers; each parser sets ``run``, a function from the
arguments to the exit code. Edges are imported inside ``run``, so that every command starts fast.
"""

import argparse
import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subcommands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subcommands = argparse._SubParsersAction


def parser() -> argparse.ArgumentParser:
    """All commands, in the order of their modules' names."""
    root = argparse.ArgumentParser(
        prog="idp-bridge", description="One sign-in for every portal and every app."
    )
    commands: Subcommands = root.add_subparsers(required=True, metavar="COMMAND")
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}").register(commands)
    return root
