"""The page that says why a ticket was refused: for administrators, and never with the ticket."""

import pytest

from idp_bridge.core.ticket_trail import Issued
from tests.web.admin_world import AdminWorld
from tests.web.portal_world import PortalBrowser

TICKET = "ST-abcdefg0123456789012345678901"


@pytest.fixture
async def desk() -> AdminWorld:
    world = AdminWorld()
    await world.revocations.heard("residents")
    await world.heard()
    return world


async def asked(world: AdminWorld, ticket: str) -> str:
    browser = await signed_in(world)
    csrf = await browser.csrf("/apps/tickets")
    answer = await browser.post("/apps/tickets", csrf=csrf, ticket=ticket)
    assert answer.status_code == 200
    return answer.text


async def signed_in(world: AdminWorld) -> PortalBrowser:
    browser = world.browser()
    await browser.sign_in()
    return browser


async def issued(world: AdminWorld) -> None:
    facts = Issued(world.clock(), "residents", "legal-aid", "https://legal-aid.test/", "zhang")
    await world.trail.issued(TICKET, facts)


async def test_a_refused_ticket_is_explained_by_app_person_and_reason(desk):
    await issued(desk)
    await desk.trail.refused(TICKET, "other_service", "https://legal-aid.test/else")

    text = await asked(desk, f"  {TICKET} ")

    for words in ("法律援助", "张伟 (zhangwei)", "地址与签发时的地址不同", "legal-aid.test/else"):
        assert words in text


async def test_an_expired_ticket_is_told_from_an_unknown_one(desk):
    await issued(desk)
    await desk.trail.refused(TICKET, "unknown")

    assert "出示时已经过期" in await asked(desk, TICKET)
    unknown = await asked(desk, "ST-0000000")
    assert "没有签发过这张票据" in unknown
    assert "没有被拒绝的记录" in unknown


async def test_a_reason_without_words_is_still_a_page(desk):
    await issued(desk)
    await desk.trail.refused(TICKET, "something_new")

    assert "票据不能接受" in await asked(desk, TICKET)


async def test_the_page_does_not_repeat_the_ticket(desk):
    await issued(desk)

    assert TICKET not in await asked(desk, TICKET)


async def test_what_was_sent_for_a_ticket_is_text(desk):
    await issued(desk)
    await desk.trail.refused(TICKET, "used", "https://x/<script>alert(1)</script>")

    assert "<script>alert" not in await asked(desk, TICKET)


async def test_only_administrators_look_tickets_up(desk):
    desk.counter()
    browser = await signed_in(desk)
    csrf = await browser.csrf("/activation")

    assert (await browser.get("/apps/tickets")).status_code == 403
    answer = await browser.post("/apps/tickets", csrf=csrf, ticket=TICKET)
    assert answer.status_code == 403


async def test_a_look_up_needs_the_sessions_own_token(desk):
    browser = await signed_in(desk)

    answer = await browser.post("/apps/tickets", csrf="else", ticket=TICKET)

    assert answer.status_code == 403
