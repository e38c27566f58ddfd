"""The rule of provisioning, without Keycloak: declared, live and last applied make a decision.

    live == declared                          nothing to do
    never applied here                        apply (provisioning takes it over)
    live == last applied, declared differs    apply (the declaration changed)
    live != last applied                      drift: changed by hand, kept
    absent, applied before                    drift: removed by hand, kept away

Only digests of what was applied are remembered, in an attribute of the realm itself, so that the
memory goes where the realm goes and holds no secret.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

Fields = Mapping[str, Any]


class Item(Protocol):
    """One thing at Keycloak that provisioning owns. ``fields`` is what is declared about it.

    A field in ``write_only`` cannot be read back (Keycloak masks it); only a changed declaration
    writes it again.
    """

    @property
    def name(self) -> str: ...

    @property
    def fields(self) -> Fields: ...

    @property
    def write_only(self) -> frozenset[str]: ...

    def read(self) -> Fields | None:
        """The live values of the declared fields; ``None`` when the thing does not exist."""
        ...

    def create(self) -> None: ...

    def write(self, changed: Fields) -> None: ...


class Verb(Enum):
    """What a line of the plan says."""

    CREATE = "create"
    CHANGE = "change"
    DRIFT = "drift"
    REMOVED = "removed"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plan or of the report; values are shown unless they are secret."""

    verb: Verb
    item: str
    path: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        where = f"{self.item} {self.path}".rstrip()
        match self.verb:
            case Verb.CREATE:
                return f"+ {where}"
            case Verb.CHANGE:
                return f"~ {where}: {self.before} -> {self.after}"
            case Verb.DRIFT:
                return f"! {where}: {self.before} was set by hand, {self.after} is declared"
            case Verb.REMOVED:
                return f"! {where}: removed by hand, still declared"
            case Verb.DELETE:
                return f"- {where}"


@dataclass(slots=True)
class Memory:
    """Digests of what was applied, by item and field."""

    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    changed: bool = False

    @classmethod
    def parse(cls, text: str) -> "Memory":
        return cls(json.loads(text) if text else {})

    def text(self) -> str:
        return json.dumps(self.digests, sort_keys=True, separators=(",", ":"))

    def of(self, item: str) -> Mapping[str, str] | None:
        return self.digests.get(item)

    def forget(self, item: str) -> None:
        """``item`` is no business of ours any more."""
        self.changed |= self.digests.pop(item, None) is not None

    def remember(self, item: str, fields: Fields) -> None:
        """``item`` exists by our doing, with ``fields`` as they were applied."""
        self.changed |= item not in self.digests
        known = self.digests.setdefault(item, {})
        for path, value in fields.items():
            if known.get(path) != (new := digest(value)):
                known[path] = new
                self.changed = True


def digest(value: Any) -> str:
    """Twelve hex digits: enough to tell whether a value is the one applied last."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Policy:
    """``apply``: write, else only say what would be; ``overwrite``: hand-made changes go too."""

    apply: bool = True
    overwrite: bool = False


def reconcile(item: Item, memory: Memory, policy: Policy) -> list[Line]:
    """Bring one item to what is declared, as far as the rule allows; returns what was said."""
    live = item.read()
    if live is None:
        return _absent(item, memory, policy)
    lines, changes = _compare(item, live, memory.of(item.name) or {}, policy)
    if changes and policy.apply:
        item.write(changes)
    agreed = {p: v for p, v in item.fields.items() if p in changes or _agrees(item, live, p)}
    if policy.apply:
        memory.remember(item.name, agreed)
    return lines


def _absent(item: Item, memory: Memory, policy: Policy) -> list[Line]:
    if memory.of(item.name) is not None and not policy.overwrite:
        return [Line(Verb.REMOVED, item.name)]
    if policy.apply:
        item.create()
        memory.remember(item.name, item.fields)
    return [Line(Verb.CREATE, item.name)]


def _compare(
    item: Item, live: Fields, applied: Mapping[str, str], policy: Policy
) -> tuple[list[Line], dict[str, Any]]:
    lines: list[Line] = []
    changes: dict[str, Any] = {}
    for path, wanted in item.fields.items():
        secret = path in item.write_only
        last = applied.get(path)
        if secret and last == digest(wanted):
            continue
        if not secret and live.get(path) == wanted:
            continue
        ours = secret or last is None or digest(live.get(path)) == last
        if ours or policy.overwrite:
            changes[path] = wanted
        verb = Verb.CHANGE if ours or policy.overwrite else Verb.DRIFT
        lines.append(_line(verb, item, path, live.get(path), wanted))
    return lines, changes


def _agrees(item: Item, live: Fields, path: str) -> bool:
    return path not in item.write_only and live.get(path) == item.fields[path]


def _line(verb: Verb, item: Item, path: str, before: Any, after: Any) -> Line:
    # What is set about an app's protocol is one text, with the app's secret in it.
    hidden = "secret" in path.lower() or any('"secret"' in str(said) for said in (before, after))
    if path in item.write_only or hidden:
        return Line(verb, item.name, path, "***", "***")
    return Line(verb, item.name, path, _shown(before), _shown(after))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 120 else f"{text[:117]}..."
