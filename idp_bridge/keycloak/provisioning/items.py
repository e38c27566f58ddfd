"""The kinds of items: a document in a collection, a singleton, a membership."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from idp_bridge.keycloak.provisioning.reconcile import Fields
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document

_NESTED = ("attributes", "config")


def flat(declared: Mapping[str, Any]) -> dict[str, Any]:
    """A document as fields: ``attributes`` and ``config`` one level down, the rest whole."""
    fields: dict[str, Any] = {}
    for key, value in declared.items():
        if key in _NESTED and isinstance(value, Mapping):
            fields |= {f"{key}/{name}": _stored(inner) for name, inner in value.items()}
        else:
            fields[key] = normal(value)
    return fields


def nested(fields: Fields) -> Document:
    """The inverse of ``flat``."""
    document: Document = {}
    for path, value in fields.items():
        key, _, name = path.partition("/")
        if name and key in _NESTED:
            document.setdefault(key, {})[name] = value
        else:
            document[path] = value
    return document


def normal(value: Any) -> Any:
    """Keycloak keeps most lists as sets: their order means nothing."""
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return sorted(value)
    return value


def _stored(value: Any) -> Any:
    # Attributes and configuration hold strings; groups and components hold lists of them.
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, list):
        return sorted(str(_stored(entry)) for entry in value)
    return str(value)


def live_fields(document: Document, fields: Fields) -> dict[str, Any]:
    """What ``document`` says about the declared ``fields``."""
    seen: dict[str, Any] = {}
    for path, wanted in fields.items():
        key, _, name = path.partition("/")
        inner = key in _NESTED and name
        value = (document.get(key) or {}).get(name) if inner else document.get(path)
        seen[path] = _same_json(value, wanted) if inner else normal(value)
    return seen


def _same_json(value: Any, wanted: Any) -> Any:
    # Keycloak drops an attribute that is empty.
    if value is None and wanted == "":
        return wanted
    # JSON kept in a string may come back with other spaces.
    if isinstance(value, str) and isinstance(wanted, str) and wanted[:1] in "{[":
        try:
            if json.loads(value) == json.loads(wanted):
                return wanted
        except ValueError:
            return value
    return normal(value)


def merged(document: Document, fields: Fields) -> Document:
    """``document`` with ``fields`` in the place of what it said."""
    changed = nested(fields)
    result = document | changed
    for key in _NESTED:
        if isinstance(inner := changed.get(key), Mapping):
            result[key] = {**(document.get(key) or {}), **inner}
    return result


@dataclass(frozen=True, slots=True)
class Resource:
    """A document found by ``find``, made by POST to ``collection``, changed by PUT at ``address``.

    ``fixed`` is sent at creation beside the declared fields and never compared; a value that can
    only be known then is a function.
    """

    api: AdminApi
    name: str
    collection: str | Callable[[], str]
    find: Callable[[], Document | None]
    address: Callable[[Document], str]
    fields: Fields
    fixed: Mapping[str, Any] = field(default_factory=dict)
    write_only: frozenset[str] = frozenset()

    def read(self) -> Fields | None:
        document = self.find()
        return None if document is None else live_fields(document, self.fields)

    def create(self) -> None:
        collection = self.collection if isinstance(self.collection, str) else self.collection()
        fixed = {key: value() if callable(value) else value for key, value in self.fixed.items()}
        self.api.post(collection, merged(fixed, self.fields))

    def write(self, changed: Fields) -> None:
        document = self.find()
        if document is not None:
            self.api.put(self.address(document), merged(document, changed))


@dataclass(frozen=True, slots=True)
class Singleton:
    """A document that is always there, such as the realm itself."""

    api: AdminApi
    name: str
    path: str
    fields: Fields
    write_only: frozenset[str] = frozenset()

    def read(self) -> Fields | None:
        # Before the realm exists everything about it is still to be made.
        document = self.api.get(self.path)
        return None if document is None else live_fields(document, self.fields)

    def create(self) -> None:
        self.write(self.fields)

    def write(self, changed: Fields) -> None:
        document = self.api.get(self.path) or {}
        self.api.put(self.path, merged(document, changed))


@dataclass(frozen=True, slots=True)
class Membership:
    """Something that is either there or not: a composite, a role of a group, a default scope."""

    name: str
    present: Callable[[], bool | None]
    add: Callable[[], Any]
    fields: Fields = field(default_factory=dict)
    write_only: frozenset[str] = frozenset()

    def read(self) -> Fields | None:
        return {} if self.present() else None

    def create(self) -> None:
        self.add()

    def write(self, changed: Fields) -> None:
        raise AssertionError("a membership has no fields")


def by(documents: Iterable[Document] | None, key: str, value: str) -> Document | None:
    """The first of ``documents`` whose ``key`` is ``value``."""
    return next((d for d in documents or () if d.get(key) == value), None)
