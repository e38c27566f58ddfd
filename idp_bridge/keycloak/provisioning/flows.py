"""Authentication flows: a whole flow is one item with one field, its structure.

A changed flow is built anew beside the old one and takes its place at once, so that nobody meets a
half-built sign-in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from idp_bridge.keycloak.provisioning.items import by
from idp_bridge.keycloak.provisioning.reconcile import Fields, digest
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document, part

Step = Mapping[str, Any]
_BINDINGS = ("browserFlow", "directGrantFlow", "resetCredentialsFlow", "firstBrokerLoginFlow")


@dataclass(frozen=True, slots=True)
class Flow:
    """A top-level flow. ``steps`` are ``{run|flow, requirement, config?, steps?}``."""

    api: AdminApi
    realm: str
    alias: str
    steps: tuple[Step, ...]
    write_only: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"flow {self.alias}"

    @property
    def fields(self) -> Fields:
        return {"steps": [_shown(step) for step in self.steps]}

    def read(self) -> Fields | None:
        if self._found(self.alias) is None:
            return None
        listed = self.api.get(f"{self._base}/flows/{part(self.alias)}/executions") or []
        entries = [(entry["level"], self._live(entry)) for entry in listed]
        return {"steps": _tree(entries)}

    def create(self) -> None:
        self._build(self.alias)

    def write(self, changed: Fields) -> None:
        old = self._found(self.alias)
        aside = f"{self.alias} new"
        if (left := self._found(aside)) is not None:
            self.api.delete(f"{self._base}/flows/{left['id']}")
        self._build(aside)
        self._rebind(aside)
        if old is not None:
            self.api.delete(f"{self._base}/flows/{old['id']}")
        new = self._found(aside)
        if new is not None:
            self.api.put(f"{self._base}/flows/{new['id']}", new | {"alias": self.alias})

    @property
    def _base(self) -> str:
        return f"/realms/{self.realm}/authentication"

    def _found(self, alias: str) -> Document | None:
        return by(self.api.get(f"{self._base}/flows"), "alias", alias)

    def _live(self, entry: Document) -> Document:
        step: Document = {"requirement": entry["requirement"]}
        if entry.get("authenticationFlow"):
            return {"flow": _local(entry["displayName"]), **step, "steps": []}
        step = {"run": entry["providerId"], **step}
        if held := entry.get("authenticationConfig"):
            document = self.api.get(f"{self._base}/config/{held}") or {}
            config = document.get("config", {})
            step["config"] = {k: _local_reference(v) for k, v in config.items()}
        return step

    def _build(self, alias: str) -> None:
        body = {"alias": alias, "providerId": "basic-flow", "topLevel": True, "builtIn": False}
        self.api.post(f"{self._base}/flows", body)
        # Names of sub-flows are unique in a realm, and the old flow's are still taken.
        self._add(alias, f"{self.alias} {digest(self.fields)[:6]}", self.steps)

    def _add(self, parent: str, prefix: str, steps: tuple[Step, ...] | list[Step]) -> None:
        for step in steps:
            if "flow" in step:
                child = f"{prefix} - {step['flow']}"
                body = {"alias": child, "type": "basic-flow", "provider": "registration-page-form"}
                self.api.post(f"{self._base}/flows/{part(parent)}/executions/flow", body)
                self._require(parent, child, (step, prefix))
                self._add(child, prefix, step["steps"])
            else:
                body = {"provider": step["run"]}
                self.api.post(f"{self._base}/flows/{part(parent)}/executions/execution", body)
                self._require(parent, step["run"], (step, prefix))

    def _require(self, parent: str, what: str, declared: tuple[Step, str]) -> None:
        step, prefix = declared
        listed = self.api.get(f"{self._base}/flows/{part(parent)}/executions") or []
        direct = [entry for entry in listed if entry["level"] == 0]
        entry = direct[-1]
        if step["requirement"] != entry["requirement"]:
            path = f"{self._base}/flows/{part(parent)}/executions"
            self.api.put(path, entry | {"requirement": step["requirement"]})
        if config := step.get("config"):
            config = {k: _text(v).replace("@", f"{prefix} - ") for k, v in config.items()}
            named = f"{parent} - {len(direct)} {what}"
            body = {"alias": named, "config": config}
            self.api.post(f"{self._base}/executions/{entry['id']}/config", body)

    def _rebind(self, aside: str) -> None:
        path = f"/realms/{self.realm}"
        realm = self.api.get(path) or {}
        bound = {key: aside for key in _BINDINGS if realm.get(key) == self.alias}
        if bound:
            self.api.put(path, bound)
        for idp in self.api.get(f"{path}/identity-provider/instances") or []:
            keys = ("firstBrokerLoginFlowAlias", "postBrokerLoginFlowAlias")
            moved = {key: aside for key in keys if idp.get(key) == self.alias}
            if moved:
                self.api.put(f"{path}/identity-provider/instances/{idp['alias']}", idp | moved)


def steps_of(declared: Iterable[Any]) -> tuple[Step, ...]:
    """Steps as declared; a list among them, shared by several flows, stands for its entries."""
    steps: list[Step] = []
    for entry in declared:
        steps += steps_of(entry) if isinstance(entry, list) else (entry,)
    return tuple(steps)


def _shown(step: Step) -> Document:
    if "flow" in step:
        inner = [_shown(child) for child in step["steps"]]
        return {"flow": step["flow"], "requirement": step["requirement"], "steps": inner}
    shown: Document = {"run": step["run"], "requirement": step["requirement"]}
    if config := step.get("config"):
        shown["config"] = {key: _text(value) for key, value in config.items()}
    return shown


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _local_reference(value: str) -> str:
    return f"@{_local(value)}" if " - " in value else value


def _local(alias: str) -> str:
    return alias.split(" - ", 1)[-1]


def _tree(entries: list[tuple[int, Document]]) -> list[Document]:
    top: list[Document] = []
    for depth, step in entries:
        level = top
        for _ in range(depth):
            level = level[-1]["steps"]
        level.append(step)
    return top
