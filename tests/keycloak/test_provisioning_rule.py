"""What provisioning decides when declared, live and last applied differ."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from idp_bridge.keycloak.provisioning.reconcile import Line, Memory, Policy, Verb, reconcile


@dataclass
class Thing:
    """Something at Keycloak, held in memory; ``live`` is ``None`` while it does not exist."""

    fields: dict[str, Any]
    live: dict[str, Any] | None = None
    write_only: frozenset[str] = frozenset()
    name: str = "thing"
    writes: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> dict[str, Any] | None:
        return None if self.live is None else {key: self.live.get(key) for key in self.fields}

    def create(self) -> None:
        self.live = dict(self.fields)

    def write(self, changed: Any) -> None:
        self.writes.append(dict(changed))
        self.live = {**(self.live or {}), **changed}


def run(thing: Thing, memory: Memory, **policy: bool) -> list[Verb]:
    return [line.verb for line in reconcile(thing, memory, Policy(**policy))]


def test_what_is_not_there_is_made_and_then_left_in_peace() -> None:
    thing, memory = Thing({"a": 1}), Memory()

    assert run(thing, memory) == [Verb.CREATE]
    assert run(thing, memory) == []
    assert thing.writes == []


def test_a_plan_says_what_would_be_done_and_does_nothing() -> None:
    thing, memory = Thing({"a": 1}), Memory()

    assert run(thing, memory, apply=False) == [Verb.CREATE]
    assert thing.live is None
    assert memory == Memory()


def test_a_changed_declaration_is_applied() -> None:
    thing, memory = Thing({"a": 1, "b": 1}), Memory()
    run(thing, memory)
    thing.fields["a"] = 2

    assert run(thing, memory) == [Verb.CHANGE]
    assert thing.writes == [{"a": 2}]
    assert run(thing, memory) == []


def test_what_was_changed_by_hand_is_reported_and_kept() -> None:
    thing, memory = Thing({"a": 1, "b": 1}), Memory()
    run(thing, memory)
    thing.live = {"a": 7, "b": 1}

    assert run(thing, memory) == [Verb.DRIFT]
    assert run(thing, memory) == [Verb.DRIFT]
    assert thing.live == {"a": 7, "b": 1}


def test_what_was_changed_by_hand_is_kept_even_when_the_declaration_changes_too() -> None:
    thing, memory = Thing({"a": 1}), Memory()
    run(thing, memory)
    thing.live, thing.fields = {"a": 7}, {"a": 2}

    assert run(thing, memory) == [Verb.DRIFT]
    assert thing.live == {"a": 7}


def test_overwriting_puts_the_declared_value_back() -> None:
    thing, memory = Thing({"a": 1}), Memory()
    run(thing, memory)
    thing.live = {"a": 7}

    assert run(thing, memory, overwrite=True) == [Verb.CHANGE]
    assert thing.live == {"a": 1}
    assert run(thing, memory) == []


def test_what_was_removed_by_hand_stays_away_until_overwriting() -> None:
    thing, memory = Thing({"a": 1}), Memory()
    run(thing, memory)
    thing.live = None

    assert run(thing, memory) == [Verb.REMOVED]
    assert thing.live is None
    assert run(thing, memory, overwrite=True) == [Verb.CREATE]


def test_what_nobody_declares_is_never_looked_at() -> None:
    thing, memory = Thing({"a": 1}), Memory()
    run(thing, memory)
    assert thing.live is not None
    thing.live["undeclared"] = "by hand"

    assert run(thing, memory, overwrite=True) == []
    assert thing.live["undeclared"] == "by hand"


def test_something_that_existed_before_is_taken_over() -> None:
    thing, memory = Thing({"a": 1}, live={"a": 5}), Memory()

    assert run(thing, memory) == [Verb.CHANGE]
    assert thing.live == {"a": 1}


def test_a_secret_that_cannot_be_read_is_written_only_when_it_changes() -> None:
    thing = Thing({"secret": "one"}, live={"secret": "****"}, write_only=frozenset({"secret"}))
    memory = Memory()

    assert run(thing, memory) == [Verb.CHANGE]
    thing.live = {"secret": "****"}
    assert run(thing, memory) == []
    thing.fields["secret"] = "two"
    assert run(thing, memory) == [Verb.CHANGE]


@pytest.mark.parametrize("path", ["secret", "config/clientSecret"])
def test_a_secret_is_never_printed(path: str) -> None:
    thing = Thing({path: "s3cr3t-value"}, live={path: "older-value"})
    lines: list[Line] = reconcile(thing, Memory(), Policy())

    assert all("value" not in str(line) for line in lines)


def test_a_secret_within_the_settings_of_an_app_is_never_printed() -> None:
    path = "attributes/bridge.settings"
    thing = Thing({path: '{"secret":{"workers":"s3cr3t-value"}}'}, live={path: "{}"})
    lines: list[Line] = reconcile(thing, Memory(), Policy())

    assert lines
    assert all("value" not in str(line) for line in lines)


def test_the_memory_survives_being_written_down_and_holds_no_value() -> None:
    thing, memory = Thing({"a": "something-secret"}), Memory()
    run(thing, memory)

    assert "something-secret" not in memory.text()
    assert run(thing, Memory.parse(memory.text())) == []
