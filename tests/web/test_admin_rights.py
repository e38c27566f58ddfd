"""The admin pages about apps, requests, why and what-if."""

import pytest

from tests.web.portal_world import PortalBrowser
from tests.web.rights_world import RightsAdminWorld

PAGES = ("/apps", "/apps/one?id=grid", "/requests", "/why", "/what-if")
FORMS = (
    "/apps/change",
    "/requests/approve",
    "/requests/decline",
    "/requests/keep",
    "/requests/end",
)


@pytest.fixture
async def world() -> RightsAdminWorld:
    made = RightsAdminWorld()
    for realm in ("residents", "workers"):
        await made.revocations.heard(realm)
    return made


async def signed_in(world: RightsAdminWorld) -> PortalBrowser:
    browser = world.browser()
    await browser.sign_in()
    return browser


@pytest.mark.parametrize("role", ["staff", "grid-worker", "leader"])
async def test_nobody_but_an_administrator_opens_them(world: RightsAdminWorld, role: str) -> None:
    world.be("chen", "chenjing", role)
    world.keycloak.person.groups = [f"/baoan/xixiang/{role}"]
    browser = await signed_in(world)

    for path in PAGES:
        assert (await browser.get(path)).status_code == 403
    csrf = await browser.csrf("/activation") if role == "staff" else ""
    for path in FORMS:
        assert (await browser.post(path, csrf=csrf)).status_code == 403


async def test_no_form_is_taken_without_the_token_of_the_session(world: RightsAdminWorld) -> None:
    world.rights.fill()
    browser = await signed_in(world)

    for path in FORMS:
        answer = await browser.post(path, id="r1", role="handler", answer="x", csrf="another's")
        assert answer.status_code == 403
    assert world.rights.records.rows["r1"].state == "asked"
    assert world.clients.written == []


async def test_the_list_says_how_every_app_stands(world: RightsAdminWorld) -> None:
    page = (await (await signed_in(world)).get("/apps")).text

    assert "已暂停" in page
    assert "没有退出通知地址" in page
    assert "负责人：sunli" in page
    assert "1 次未送达" in page
    assert "answered 500" in page
    assert "检查：1 项待改" in page
    assert "未检查" in page


async def test_the_page_of_an_app_says_what_its_check_found(world: RightsAdminWorld) -> None:
    browser = await signed_in(world)

    failed = (await browser.get("/apps/one?id=cas-app")).text
    passed = (await browser.get("/apps/one?id=grid")).text
    never = (await browser.get("/apps/one?id=patrol")).text

    assert "timed out" in failed
    assert "检查通过" in passed
    assert "idp-bridge apps check patrol" in never


async def test_an_app_is_changed_and_the_change_is_on_record(world: RightsAdminWorld) -> None:
    browser = await signed_in(world)

    answer = await browser.post(
        "/apps/change",
        id="grid",
        name_zh="网格",
        name_en="Grid",
        url_workers="https://grid.test/",
        owner="wumin",
        contact="8123",
        csrf=await browser.csrf("/apps"),
    )

    assert answer.headers["location"] == "/apps/one?id=grid&done=1"
    [(client_id, attributes)] = world.clients.written
    assert client_id == "grid"
    assert attributes["bridge.owner"] == "wumin"
    assert attributes["bridge.requestable"] == ""
    assert world.audit.events[-1].name == "app_changed"


async def test_a_field_that_cannot_be_taken_is_shown_again_with_the_reason(
    world: RightsAdminWorld,
) -> None:
    browser = await signed_in(world)

    answer = await browser.post(
        "/apps/change",
        id="grid",
        name_zh="网格",
        name_en="Grid",
        url_workers="https://grid.test/",
        owner="nobody",
        csrf=await browser.csrf("/apps"),
    )

    assert answer.status_code == 422
    assert "没有这个工作人员账号" in answer.text
    assert world.clients.written == []


async def test_a_client_that_is_no_app_cannot_be_changed(world: RightsAdminWorld) -> None:
    browser = await signed_in(world)

    answer = await browser.post("/apps/change", id="idp-bridge", csrf=await browser.csrf("/apps"))

    assert answer.status_code == 404


async def test_an_administrator_stands_in_for_every_owner_but_not_for_themselves(
    world: RightsAdminWorld,
) -> None:
    world.rights.remember("r1", "chen", "cas-app")
    world.rights.remember("own", "lin", "cas-app", reason="甲乙丙丁")
    browser = await signed_in(world)
    csrf = await browser.csrf("/requests")
    assert "甲乙丙丁" not in (await browser.get("/requests")).text

    approved = await browser.post("/requests/approve", id="r1", role="handler", csrf=csrf)
    refused = await browser.post("/requests/approve", id="own", role="handler", csrf=csrf)

    assert approved.headers["location"] == "/requests?done=approved"
    assert refused.status_code == 403
    assert world.rights.roles.rows == {("workers", "cas-app", "handler", "chen")}


async def test_the_end_of_a_role_is_taken_away_or_brought_forward(world: RightsAdminWorld) -> None:
    world.rights.fill()
    world.rights.roles.rows.add(("workers", "grid", "observer", "chen"))
    browser = await signed_in(world)
    csrf = await browser.csrf("/requests")

    for action, account in (("keep", "sun"), ("end", "chen")):
        answer = await browser.post(
            f"/requests/{action}", app="grid", role="observer", account=account, csrf=csrf
        )
        assert answer.status_code == 303
    nothing = await browser.post(
        "/requests/end", app="grid", role="handler", account="wu", csrf=csrf
    )

    assert nothing.status_code == 404
    assert world.rights.roles.rows == set()
    assert world.accounts.ended == [("workers", "chen")]
    assert world.audit.names == ["access_end_removed", "access_ended_early"]


async def test_why_tells_the_whole_chain_and_who_made_it(world: RightsAdminWorld) -> None:
    page = (await (await signed_in(world)).get("/why?username=chenjing&app=grid")).text

    assert "可以进入" in page
    assert "grid-worker 包含 grid/handler" in page
    assert "Keycloak 管理员 0949d4a2" in page
    assert "早于 Keycloak 保留的事件" in page
    assert "wecom chenjing" in page


async def test_why_says_what_is_missing_and_what_to_do(world: RightsAdminWorld) -> None:
    page = (await (await signed_in(world)).get("/why?username=chenjing&app=patrol")).text

    assert "不能进入" in page
    assert "系统已暂停" in page
    assert "idp-bridge apps resume patrol" in page
    assert "grid-worker" in page


@pytest.mark.parametrize(
    ("query", "told"),
    [("username=nobody&app=grid", "没有账号 nobody"), ("username=chenjing&app=x", "没有系统 x")],
)
async def test_why_says_what_it_does_not_know(
    world: RightsAdminWorld, query: str, told: str
) -> None:
    answer = await (await signed_in(world)).get(f"/why?{query}")

    assert answer.status_code == 200
    assert told in answer.text


async def test_what_if_names_whoever_would_gain_and_lose(world: RightsAdminWorld) -> None:
    browser = await signed_in(world)

    page = (await browser.get("/what-if?act=unmap&role=grid/handler&to=grid-worker")).text
    nothing = (await browser.get("/what-if?act=take&role=leader&to=wumin")).text
    unknown = (await browser.get("/what-if?act=give&role=leader&to=nobody")).text

    assert "会失去这个系统" in page
    assert "没有人会得到或失去任何系统" in nothing
    assert "没有这个角色、账号或领域角色" in unknown
