"""Every adapter x everything that must hold of it, at real apps, with two copies of the bridge."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from idp_bridge.core.admission import CheckPerson
from tests.live.matrix.world import ADAPTERS, Adapter, Keycloak, Visitor, credential, tampered
from tests.waiting import comes_true

MakeVisitor = Callable[[CheckPerson], Visitor]
IN_FORCE = 2.0
# The way there and back, on a machine that runs everything else as well.
_SLACK = 1.0

each_adapter = pytest.mark.parametrize("adapter", ADAPTERS, ids=str)


async def is_out(visitor: Visitor, adapter: Adapter) -> bool:
    """Whether the person is turned away in time."""

    async def out() -> bool:
        return not await visitor.is_inside(adapter)

    return await comes_true(out, IN_FORCE + _SLACK)


@contextmanager
def changed(keycloak: Keycloak, adapter: Adapter, **fields: Any) -> Iterator[None]:
    """An app's client as it is set for one test."""
    before = keycloak.client(adapter)
    old = {name: before[name] for name in fields if name != "attributes"}
    attributes = fields.get("attributes", {})
    old_attributes = {name: before["attributes"].get(name, "") for name in attributes}
    keycloak.change(adapter, **fields)
    try:
        yield
    finally:
        keycloak.change(adapter, **old, attributes=old_attributes)


@each_adapter
async def test_who_has_the_role_enters_and_the_app_is_told_of_it(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    worker = visitor(keycloak.person(adapter))

    await worker.enter(adapter)

    told = await worker.whoami(adapter)
    assert told["roles"] == [adapter.role]


@each_adapter
async def test_who_has_no_role_does_not_enter(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    others = [other for other in ADAPTERS if other is not adapter]
    worker = visitor(keycloak.person(*others))

    page = await worker.enter(adapter)

    assert not await worker.is_inside(adapter)
    assert page.status == 403


@each_adapter
async def test_who_signed_in_too_weakly_does_not_enter(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    level = "urn:idp-bridge:acr:mfa" if adapter.name == "saml-mellon" else "mfa"
    worker = visitor(keycloak.person(*ADAPTERS))
    elsewhere = next(other for other in ADAPTERS if other is not adapter)
    await worker.enter(elsewhere)
    assert await worker.is_inside(elsewhere)

    with changed(keycloak, adapter, attributes={"minimum.acr.value": level}):
        await worker.enter(adapter)

        assert not await worker.is_inside(adapter)


@each_adapter
async def test_a_tampered_credential_is_refused(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    worker = visitor(keycloak.person(adapter))
    ask = await worker.up_to_the_credential(adapter)

    await worker.browser.go(tampered(ask, credential(ask)), stop=lambda other: other.url != ask.url)

    assert not await worker.is_inside(adapter)


@each_adapter
async def test_a_replayed_credential_is_refused(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    who = keycloak.person(adapter)
    worker, thief = visitor(who), visitor(who)
    ask = await worker.up_to_the_credential(adapter)
    await worker.browser.go(ask)
    assert await worker.is_inside(adapter)

    await thief.browser.go(ask, stop=lambda other: other.url != ask.url)

    assert not await thief.is_inside(adapter)


# CAS has no state: the protocol cannot bind a ticket to the browser that asked for it.
_BOUND = [adapter for adapter in ADAPTERS if adapter.name != "cas-django"]


@pytest.mark.parametrize("adapter", _BOUND, ids=str)
async def test_a_credential_brought_by_another_browser_first_signs_nobody_else_in(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    """Login CSRF: an attacker's own credential in the victim's browser."""
    attacker = visitor(keycloak.person(adapter))
    victim = visitor(keycloak.person(adapter))
    ask = await attacker.up_to_the_credential(adapter)

    await victim.browser.go(ask, stop=lambda other: other.url != ask.url)

    assert not await victim.is_inside(adapter)


@each_adapter
async def test_a_session_ended_at_keycloak_is_over(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    who = keycloak.person(adapter)
    worker = visitor(who)
    await worker.enter(adapter)
    assert await worker.is_inside(adapter)

    keycloak.sign_out(who.account)

    assert await is_out(worker, adapter)


@each_adapter
async def test_a_disabled_person_is_out(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    who = keycloak.person(adapter)
    worker = visitor(who)
    await worker.enter(adapter)
    assert await worker.is_inside(adapter)

    keycloak.disable(who.account)

    assert await is_out(worker, adapter)
    await worker.enter(adapter)
    assert not await worker.is_inside(adapter)


@each_adapter
async def test_who_lost_the_role_is_out(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    who = keycloak.person(adapter)
    worker = visitor(who)
    await worker.enter(adapter)
    assert await worker.is_inside(adapter)

    keycloak.take(who.account, adapter)

    assert await is_out(worker, adapter)


@each_adapter
async def test_a_suspended_app_is_closed_to_those_inside_and_outside(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    worker = visitor(keycloak.person(adapter))
    await worker.enter(adapter)
    assert await worker.is_inside(adapter)

    keycloak.change(adapter, enabled=False)
    try:
        assert await is_out(worker, adapter)
        await worker.enter(adapter)
        assert not await worker.is_inside(adapter)
    finally:
        assert await comes_true(lambda: asyncio.to_thread(keycloak.is_closed, adapter), 10)
        # The other realm's follower closes its twin for what it saw closed just now.
        await asyncio.sleep(IN_FORCE)
        keycloak.open_again(adapter)
    again = visitor(keycloak.person(adapter))

    async def open_to_others() -> bool:
        await again.enter(adapter)
        return await again.is_inside(adapter)

    assert await comes_true(open_to_others, IN_FORCE + _SLACK)


@each_adapter
async def test_the_second_app_asks_nothing(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    first = next(other for other in ADAPTERS if other is not adapter)
    worker = visitor(keycloak.person(first, adapter))
    await worker.enter(first)
    asked = worker.passwords_asked()

    await worker.enter(adapter)

    assert await worker.is_inside(adapter)
    assert worker.passwords_asked() == asked


@each_adapter
async def test_signing_out_at_one_app_is_signing_out_of_the_others(
    adapter: Adapter, keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    here = ADAPTERS.index(adapter)
    entered = [ADAPTERS[(here + step) % len(ADAPTERS)] for step in (0, 1, 3)]
    worker = visitor(keycloak.person(*entered))
    for one in entered:
        await worker.enter(one)
        assert await worker.is_inside(one), one

    await worker.sign_out(adapter)

    async def all_out() -> bool:
        return not any([await worker.is_inside(one) for one in entered])

    assert await comes_true(all_out, IN_FORCE + _SLACK)


async def test_expired_credentials_are_refused(
    stack: dict[str, Any], keycloak: Keycloak, visitor: MakeVisitor
) -> None:
    """Those that live for seconds; a ticket's minute is tried with a clock, in its own tests."""
    short = [one for one in ADAPTERS if one.name not in ("ticket", "saml-mellon")]
    waiting = {}
    with keycloak.codes_live(seconds=2):
        for adapter in short:
            worker = visitor(keycloak.person(adapter))
            waiting[adapter] = (worker, await worker.up_to_the_credential(adapter))
        await asyncio.sleep(11)
        for adapter, (worker, ask) in waiting.items():
            await worker.browser.go(ask, stop=lambda other, ask=ask: other.url != ask.url)
            assert not await worker.is_inside(adapter), adapter
