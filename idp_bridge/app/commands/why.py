"""`idp-bridge why`: why a person can or cannot enter an app, link by link."""

import argparse
import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idp_bridge.core.errors import NotFound

if TYPE_CHECKING:
    from idp_bridge.app.commands import Subcommands
    from idp_bridge.app.parts import Parts
    from idp_bridge.core.why import Explanation, Touch


_SHOWN = 10


def register(commands: "Subcommands") -> None:
    """Add the command."""
    why = commands.add_parser("why", help="why a person can or cannot enter an app")
    why.add_argument("person", help="account name")
    why.add_argument("app", help="id of the app")
    why.add_argument("--realm", choices=("residents", "workers"), help="where both are in two")
    why.add_argument("--json", action="store_true", help="for machines")
    why.add_argument("--config", type=Path, default=Path("data/bridge.yaml"), metavar="FILE")
    why.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from idp_bridge.app.parts import Parts
    from idp_bridge.settings import load

    async def ask() -> "list[Explanation]":
        parts = Parts(load(args.config))
        try:
            return await _explanations(parts, args)
        finally:
            await parts.close()

    found = asyncio.run(ask())
    if args.json:
        print(json.dumps([_document(one) for one in found], default=_plain, ensure_ascii=False))
    else:
        print("\n\n".join("\n".join(_lines(one)) for one in found))
    return 0


async def _explanations(parts: "Parts", args: argparse.Namespace) -> "list[Explanation]":
    from idp_bridge.app.rights import why

    realms = [args.realm] if args.realm else list(parts.apis)
    found = []
    for realm in realms:
        with suppress(NotFound):
            found.append(await why(parts).explain(realm, args.person, args.app))
    if not found:
        where = " or ".join(realms)
        raise NotFound(f"no person {args.person!r} together with an app {args.app!r} in {where}")
    return found


def _lines(one: "Explanation") -> Iterator[str]:
    from idp_bridge.web.language import translator
    from idp_bridge.web.why_words import advice, facts_of, rule_words, step_words, touch_words

    t, chain = translator("en"), one.chain
    yield t(f"why.verdict.{one.verdict.value}", **facts_of(one, "en"))
    for lack in one.lacks:
        yield "  - " + " ".join(advice(t, lack, one))

    def by(touch: "Touch | None", untold: bool = False) -> str:
        return touch_words(t, touch, untold, _moment)

    yield ""
    for fact in chain.set:
        said = t(f"why.fact.{fact.name}")
        untold = chain.federated and fact.name == "account_enabled"
        yield f"{said}: {fact.value or t('why.value.none')}  [{by(fact.touched, untold)}]"
    for fact in chain.identities:
        yield f"{t('why.identities')}: {fact.name} {fact.value}  [{by(fact.touched)}]"
    for number, way in enumerate(chain.ways, 1):
        yield t("why.way", number=number)
        for link in way:
            yield f"  {step_words(t, link.step)}  [{by(link.touched, link.untold)}]"
    for met in one.rules:
        key = "met" if met.by_role and met.by_acr else "acr" if met.by_role else "role"
        yield f"{t('why.rules')}: {rule_words(t, met)}. {t(f'why.rule_{key}')}"
    for session in chain.sessions[:_SHOWN]:
        since = t("why.session", when=_moment(session.started), network=session.network)
        yield f"{since}; {t('why.level', acr=session.acr or '?')}"
    if (more := len(chain.sessions) - _SHOWN) > 0:
        yield t("why.more_sessions", count=more)


def _document(one: "Explanation") -> dict[str, Any]:
    document = asdict(one)
    # Settings of a protocol are the app owner's business; what decides is in the rules.
    del document["chain"]["app"]["settings"]
    return document


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)
