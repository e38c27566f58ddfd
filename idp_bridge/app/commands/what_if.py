"""`idp-bridge what-if`: who would gain and who would lose which app, before anything is changed."""

import argparse
import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idp_bridge.core.errors import InvalidRequest

if TYPE_CHECKING:
    from idp_bridge.app.commands import Subcommands
    from idp_bridge.core.role_links import Person
    from idp_bridge.core.what_if import AppChange, Question

_SHOWN = 20


def register(commands: "Subcommands") -> None:
    """Add the command; one of its four changes has to be named."""
    parser = commands.add_parser("what-if", help="who would gain and lose what by a change")
    change = parser.add_mutually_exclusive_group(required=True)
    pair: dict[str, Any] = {"nargs": 2}
    change.add_argument("--give", metavar=("ROLE", "PERSON"), **pair)
    change.add_argument("--take", metavar=("ROLE", "PERSON"), **pair)
    change.add_argument("--map", metavar=("REALMROLE", "APP/ROLE"), **pair)
    change.add_argument("--unmap", metavar=("REALMROLE", "APP/ROLE"), **pair)
    parser.add_argument("--realm", choices=("residents", "workers"), default="workers")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--config", type=Path, default=Path("data/bridge.yaml"), metavar="FILE")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from idp_bridge.app.parts import Parts
    from idp_bridge.app.rights import what_if
    from idp_bridge.settings import load

    async def ask() -> "tuple[AppChange, ...]":
        parts = Parts(load(args.config))
        try:
            return await what_if(parts).ask(args.realm, _question(args))
        finally:
            await parts.close()

    changes = asyncio.run(ask())
    if args.json:
        print(json.dumps([_document(change) for change in changes], ensure_ascii=False))
    else:
        lines = [line for change in changes for line in _lines(change)]
        print("\n".join(lines or ["Nobody would gain or lose anything."]))
    return 0


def _question(args: argparse.Namespace) -> "Question":
    from idp_bridge.core.what_if import Question

    for act in ("give", "take"):
        if pair := getattr(args, act):
            return Question(act, role=pair[0], to=pair[1])
    for act in ("map", "unmap"):
        if pair := getattr(args, act):
            return Question(act, role=pair[1], to=pair[0])
    raise InvalidRequest("name one change")


def _lines(change: "AppChange") -> Iterator[str]:
    yield f"{change.app.names.get('en') or change.app.client_id} ({change.app.client_id})"
    yield from _people("would come to the app", change.whole.gains)
    yield from _people("would lose the app", change.whole.losses)
    for one in change.roles:
        yield from _people(f"would gain {one.role}", one.difference.gains)
        yield from _people(f"would lose {one.role}", one.difference.losses)


def _people(what: str, people: "tuple[Person, ...]") -> Iterator[str]:
    if people:
        shown = ", ".join(f"{person.name} ({person.username})" for person in people[:_SHOWN])
        more = f" and {len(people) - _SHOWN} more" if len(people) > _SHOWN else ""
        yield f"  {len(people)} {what}: {shown}{more}"


def _document(change: "AppChange") -> dict[str, Any]:
    def names(people: "tuple[Person, ...]") -> list[str]:
        return [person.username for person in people]

    return {
        "app": change.app.client_id,
        "gains": names(change.whole.gains),
        "losses": names(change.whole.losses),
        "roles": [
            {
                "role": one.role,
                "gains": names(one.difference.gains),
                "losses": names(one.difference.losses),
            }
            for one in change.roles
        ],
    }
