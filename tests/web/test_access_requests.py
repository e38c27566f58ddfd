"""In the work portal: ask for an app, be told, decide as an owner; and what cannot be forced."""

from datetime import UTC, datetime

import pytest

from tests.web.portal_world import PortalBrowser
from tests.web.rights_world import AccessWorld


@pytest.fixture
async def world() -> AccessWorld:
    made = AccessWorld()
    await made.heard()
    return made


async def signed_in(world: AccessWorld) -> PortalBrowser:
    browser = world.browser()
    await browser.sign_in()
    return browser


async def test_only_apps_that_the_person_lacks_can_be_asked_for(world: AccessWorld) -> None:
    world.be("chen", "chenjing", "陈静", "handler")

    page = (await (await signed_in(world)).get("/access")).text

    assert 'value="cas-app"' in page
    assert 'value="grid"' not in page  # Held already.
    assert 'value="patrol"' not in page  # Suspended.


async def test_somebody_asks_and_sees_that_it_waits(world: AccessWorld) -> None:
    world.be("chen", "chenjing", "陈静")
    browser = await signed_in(world)

    answer = await browser.post(
        "/access/ask", app="grid", reason="新到岗", csrf=await browser.csrf("/access")
    )

    assert answer.headers["location"] == "/access?done=asked"
    page = (await browser.get("/access?done=asked")).text
    assert "等待审批" in page
    assert 'value="grid"' not in page
    [request] = world.rights.records.rows.values()
    assert (request.account, request.username, request.client_id) == ("chen", "chenjing", "grid")


async def test_whom_a_form_names_does_not_matter(world: AccessWorld) -> None:
    world.be("chen", "chenjing", "陈静")
    browser = await signed_in(world)

    await browser.post(
        "/access/ask",
        app="grid",
        reason="新到岗",
        account="sun",
        username="sunli",
        realm="residents",
        csrf=await browser.csrf("/access"),
    )

    [request] = world.rights.records.rows.values()
    assert (request.realm, request.account) == ("workers", "chen")


@pytest.mark.parametrize(
    "path",
    [
        "/access/ask",
        "/access/withdraw",
        "/decisions/approve",
        "/decisions/decline",
    ],
)
async def test_no_form_is_taken_without_the_token_of_the_session(
    world: AccessWorld, path: str
) -> None:
    world.rights.remember("r1", "chen")
    browser = await signed_in(world)

    for csrf in ("", "another's"):
        answer = await browser.post(
            path, id="r1", app="grid", reason="新到岗", role="handler", answer="no", csrf=csrf
        )
        assert answer.status_code == 403
    assert world.rights.records.rows["r1"].state == "asked"
    assert len(world.rights.records.rows) == 1


async def test_an_owner_sees_requests_for_the_own_apps_and_no_others(world: AccessWorld) -> None:
    world.rights.remember("r1", "chen")
    world.rights.remember("r2", "wu", "cas-app", reason="别人的系统")
    world.rights.remember("r3", "sun", reason="甲乙丙丁")
    browser = await signed_in(world)

    assert "审批申请（1）" in (await browser.get("/")).text
    page = (await browser.get("/decisions")).text

    assert "陈静" in page
    assert "别人的系统" not in page
    assert "甲乙丙丁" not in page


async def test_an_approval_gives_the_role_until_the_end_of_the_day(world: AccessWorld) -> None:
    world.rights.remember("r1", "chen")
    browser = await signed_in(world)

    answer = await browser.post(
        "/decisions/approve",
        id="r1",
        role="handler",
        until="2026-11-30",
        answer="好的",
        csrf=await browser.csrf("/decisions"),
    )

    assert answer.headers["location"] == "/decisions?done=approved"
    assert world.rights.roles.rows == {("workers", "grid", "handler", "chen")}
    [end] = await world.rights.ends.all("workers")
    assert end.ends == datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)


async def test_whoever_asked_is_told_on_the_start_page(world: AccessWorld) -> None:
    world.rights.remember(
        "r1",
        "chen",
        state="approved",
        role="handler",
        decided=world.clock(),
        decided_by="sun",
        answer="欢迎",
    )
    world.be("chen", "chenjing", "陈静")

    page = (await (await signed_in(world)).get("/")).text

    assert "已批准" in page
    assert "答复：欢迎" in page


async def test_a_role_that_came_to_its_end_is_shown_as_over(world: AccessWorld) -> None:
    world.rights.remember(
        "r1", "chen", state="approved", role="handler", decided=world.clock(), ends=world.clock()
    )
    world.be("chen", "chenjing", "陈静")

    page = (await (await signed_in(world)).get("/access")).text

    assert "已到期" in page
    assert "已批准" not in page


@pytest.mark.parametrize(
    "until", ["tomorrow", "2026-13-01", "2026-11-01", "2030-01-01", "9999-12-31"]
)
async def test_an_end_that_is_no_day_ahead_is_refused(world: AccessWorld, until: str) -> None:
    world.rights.remember("r1", "chen")
    browser = await signed_in(world)

    answer = await browser.post(
        "/decisions/approve",
        id="r1",
        role="handler",
        until=until,
        csrf=await browser.csrf("/decisions"),
    )

    assert answer.status_code == 400
    assert world.rights.roles.rows == set()


@pytest.mark.parametrize(
    ("account", "username"), [("wu", "wumin"), ("chen", "chenjing"), ("x", "")]
)
async def test_nobody_but_the_owner_decides_whatever_the_form_says(
    world: AccessWorld, account: str, username: str
) -> None:
    world.rights.remember("r1", "chen")
    world.be(account, username, username)
    browser = await signed_in(world)

    for action in ("approve", "decline"):
        answer = await browser.post(
            f"/decisions/{action}",
            id="r1",
            role="handler",
            answer="ok",
            administers="true",
            csrf=await browser.csrf("/decisions"),
        )
        assert answer.status_code == 403
    assert world.rights.roles.rows == set()
    assert world.rights.records.rows["r1"].state == "asked"


async def test_an_administrator_at_the_work_portal_decides_for_own_apps_only(
    world: AccessWorld,
) -> None:
    world.rights.remember("r1", "chen", "cas-app")
    world.be("lin", "adminlin", "林涛")
    world.keycloak.person.roles.append("bridge-admin")
    browser = await signed_in(world)

    answer = await browser.post(
        "/decisions/approve", id="r1", role="handler", csrf=await browser.csrf("/decisions")
    )

    assert answer.status_code == 403  # The admin pages ask for two factors; this portal does not.


async def test_nobody_takes_back_somebody_elses_request(world: AccessWorld) -> None:
    world.rights.remember("r1", "chen")
    browser = await signed_in(world)

    answer = await browser.post("/access/withdraw", id="r1", csrf=await browser.csrf("/access"))

    assert answer.status_code == 404
    assert world.rights.records.rows["r1"].state == "asked"


async def test_a_reason_is_shown_as_text(world: AccessWorld) -> None:
    world.rights.remember("r1", "chen", reason="<script>alert(1)</script>")

    page = (await (await signed_in(world)).get("/decisions")).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
