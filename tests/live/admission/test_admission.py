"""The admission check against real apps, a real Keycloak and the bridge."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idp_bridge.__main__ import main
from idp_bridge.app.parts import Parts
from idp_bridge.core.audit import AuditEvent
from idp_bridge.settings import load
from tests.live.admission.conftest import Newcomer
from tests.waiting import within

Said = Callable[[], str]
# One for each protocol.
EXAMPLES = [
    "grid-service",
    "key-person",
    "dispute-resolution",
    "residence-code",
    "volunteer-patrol",
]


def failures(said: str) -> set[tuple[str, str]]:
    report = json.loads(said)
    return {(f["check"], f["reason"]) for f in report["findings"] if f["status"] == "failed"}


async def recorded(newcomer: Newcomer, name: str) -> list[AuditEvent]:
    parts = Parts(load(newcomer.config))
    try:
        events = await parts.stores.audit.newest(500)
    finally:
        await parts.close()
    return [e for e in events if e.name == name and e.detail["app"] == newcomer.id]


@pytest.mark.parametrize("app", EXAMPLES)
def test_our_own_examples_pass(stack: dict[str, Any], said: Said, app: str):
    running = {one["id"] for one in stack["apps"]} & {app}
    assert running or app in {left["id"] for left in stack["left_out"]}

    if running:
        config = str(Path(stack["data"]) / "bridge.yaml")
        code = main(["apps", "check", app, "--json", "--config", config])
        told = said()

        assert failures(told) == set()
        assert code == 0


def test_an_app_is_given_to_people_once_it_was_checked_as_it_is_and_admitted(
    newcomer: Newcomer, said: Said
):
    newcomer.start()
    assert newcomer.run("apply") == 0
    assert newcomer.run("admit") == 1
    assert "it was not checked yet" in said()

    assert newcomer.run("check") == 0
    assert newcomer.state() == "checked"
    assert newcomer.people() == []

    newcomer.declared["claims"] = ["name"]
    assert newcomer.run("admit") == 1
    assert "changed since the last check" in said()
    newcomer.declared["claims"] = ["name", "posts"]

    assert newcomer.run("admit") == 0
    assert "role leader gives" in said()
    assert newcomer.state() == "admitted"


def test_what_an_administrator_opened_too_far_is_found_and_an_override_is_put_on_record(
    newcomer: Newcomer, said: Said
):
    newcomer.start()
    newcomer.run("apply")
    path = newcomer.path()
    newcomer.change(redirectUris=[f"{newcomer.url}/*"])
    scopes = newcomer.api.get("/realms/workers/client-scopes")
    [phone] = [scope["id"] for scope in scopes if scope["name"] == "claim-phone"]
    newcomer.api.put(f"{path}/default-client-scopes/{phone}")
    said()

    assert newcomer.run("check", "--json") == 1
    assert failures(said()) == {("addresses", "wildcard"), ("told", "too_much")}
    assert newcomer.state() == "draft"

    assert newcomer.run("admit") == 1
    assert newcomer.run("admit", "--override", "short") == 1
    assert newcomer.state() == "draft"
    assert newcomer.run("admit", "--override", "the owner mends it by Friday") == 0
    assert newcomer.state() == "admitted"
    [event] = asyncio.run(recorded(newcomer, "app_admitted"))
    assert event.detail["override"] == "the owner mends it by Friday"
    [checked] = asyncio.run(recorded(newcomer, "app_checked"))
    assert checked.detail["failed"] == "addresses told"


@pytest.mark.parametrize("asks", [True, False])
def test_nobody_below_the_lowest_level_gets_in_while_keycloak_asks_for_it(
    newcomer: Newcomer, said: Said, asks: bool
):
    newcomer.declared["minimum_acr"] = {"workers": "mfa"}
    # The app itself looks for less.
    newcomer.start(REQUIRED_ACR="password")
    newcomer.run("apply")
    if not asks:
        newcomer.change(attributes={"minimum.acr.value": ""})
    said()

    newcomer.run("check", "--json")

    expected = set() if asks else {("acr", "level_not_set"), ("acr", "level_ignored")}
    assert failures(said()) == expected


def test_whoever_a_killed_check_left_behind_is_removed_by_the_next(newcomer: Newcomer):
    newcomer.start()
    newcomer.run("apply")
    words = ("apps", "check", newcomer.file(), "--config", str(newcomer.config))
    check = subprocess.Popen((sys.executable, "-m", "idp_bridge", *words))
    assert within(60, lambda: len(newcomer.people()) > 0)
    check.send_signal(signal.SIGKILL)
    check.wait()
    assert newcomer.people() != []

    assert newcomer.run("check") == 0

    assert newcomer.people() == []
