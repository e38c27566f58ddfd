"""Who may open which admin page, and what the pages do."""

import re

import pytest

from tests.web.admin_world import AdminWorld
from tests.web.portal_world import Person, PortalBrowser, query_of

EVERY_PAGE = ("/start", "/activation", "/kiosks", "/locks", "/audit")


@pytest.fixture
async def desk() -> AdminWorld:
    world = AdminWorld()
    await world.revocations.heard("residents")
    await world.heard()
    return world


async def signed_in(world: AdminWorld) -> PortalBrowser:
    browser = world.browser()
    await browser.sign_in()
    return browser


async def test_the_admin_pages_ask_keycloak_for_two_factors(desk):
    assert query_of(await desk.browser().get("/login"))["acr_values"] == "mfa"


@pytest.mark.parametrize("acr", ["activation", "qr", "password", "gold", ""])
async def test_whoever_proved_less_than_two_factors_is_kept_out(desk, acr):
    desk.keycloak.person.acr = acr
    browser = await signed_in(desk)

    for path in EVERY_PAGE:
        assert (await browser.get(path)).status_code == 403
        assert (await browser.get(path, accept="application/json")).json()["error"] == (
            "insufficient_acr"
        )


@pytest.mark.parametrize("acr", ["mfa", "passkey"])
async def test_an_administrator_opens_every_page(desk, acr):
    desk.keycloak.person.acr = acr
    browser = await signed_in(desk)

    for path in EVERY_PAGE:
        assert (await browser.get(path)).status_code == 200


async def test_a_counter_worker_only_issues_activation_codes(desk):
    desk.counter()
    browser = await signed_in(desk)

    opened = {path: (await browser.get(path)).status_code for path in EVERY_PAGE[1:]}

    assert opened == {"/activation": 200, "/kiosks": 403, "/locks": 403, "/audit": 403}
    assert (await browser.get("/start")).headers["location"] == "/activation"
    assert "/kiosks" not in (await browser.get("/activation")).text


@pytest.mark.parametrize(
    "person",
    [
        Person("p", "警", ["police"], groups=["/baoan/police"], acr="mfa"),
        Person("s", "员", ["staff"], groups=[], acr="mfa"),
        Person("s", "员", ["staff"], groups=["/baoan/police"], acr="mfa"),
        Person("s", "员", [], groups=["/baoan/staff"], acr="mfa"),
    ],
)
async def test_nobody_else_opens_anything(desk, person):
    desk.keycloak.person = person
    browser = await signed_in(desk)

    for path in EVERY_PAGE:
        assert (await browser.get(path)).status_code == 403


async def test_a_role_taken_away_closes_the_pages_at_the_next_request(desk):
    browser = await signed_in(desk)
    desk.keycloak.person.roles = []
    await desk.later(1)
    await desk.revocations.stale_account("workers", "admin")

    assert (await browser.get("/kiosks")).status_code == 403


async def issue(browser: PortalBrowser, **fields: str) -> str:
    csrf = await browser.csrf("/activation")
    return (await browser.post("/activation/issue", csrf=csrf, **fields)).text


async def test_a_counter_hands_out_a_code_that_activates_the_account_once(desk):
    desk.counter()
    browser = await signed_in(desk)
    csrf = await browser.csrf("/activation")

    check = await browser.post("/activation/find", csrf=csrf, username="zhangwei")
    slip = await issue(browser, subject="zhang", checked="yes")

    assert "张伟" in check.text
    code = re.search(r'code-display">([0-9A-Z-]+)<', slip)
    assert code is not None
    subject = await desk.activations.redeem(code[1], credential="passkey", network="10.0.0.0/24")
    assert subject == "zhang"
    assert desk.audit.events[0].actor == "chen"


async def test_no_code_without_the_identity_check(desk):
    browser = await signed_in(desk)

    page = await issue(browser, subject="zhang")

    assert "code-display" not in page
    assert desk.audit.names == []


@pytest.mark.parametrize("username", ["nobody", "", "disabled"])
async def test_no_step_two_for_an_account_that_cannot_be_activated(desk, username):
    browser = await signed_in(desk)
    csrf = await browser.csrf("/activation")

    page = await browser.post("/activation/find", csrf=csrf, username=username)

    assert page.status_code == 404
    assert "/activation/issue" not in page.text


async def test_a_counter_that_works_through_a_list_is_stopped(desk):
    browser = await signed_in(desk)
    csrf = await browser.csrf("/activation")
    fields = {"subject": "zhang", "checked": "yes", "csrf": csrf}

    codes = [(await browser.post("/activation/issue", **fields)).status_code for _ in range(31)]

    assert codes == [200] * 30 + [429]


async def test_a_kiosk_is_registered_enrolled_by_code_and_switched_off(desk):
    browser = await signed_in(desk)
    csrf = await browser.csrf("/kiosks")
    place = {"latitude": "22.5741", "longitude": "113.8684", "datum": "GCJ-02"}

    page = await browser.post(
        "/kiosks/announce", csrf=csrf, name="3号机", address="政务大厅", **place
    )
    (kiosk,) = await desk.kiosks.all()
    done = await browser.post("/kiosks/revoke", csrf=csrf, id=kiosk.id)

    assert "code-display" in page.text
    assert "https://op.test/kiosk" in page.text
    assert (kiosk.name, kiosk.position.datum) == ("3号机", "GCJ-02")
    assert done.status_code == 303
    assert (await desk.kiosks.all())[0].revoked is not None
    assert desk.audit.names == ["kiosk_announced", "kiosk_revoked"]


@pytest.mark.parametrize(
    "change",
    [
        {"latitude": "north"},
        {"latitude": "91"},
        {"longitude": ""},
        {"datum": "BD-09"},
        {"latitude": "nan"},
        {"name": " "},
    ],
)
async def test_a_kiosk_without_a_usable_place_is_refused(desk, change):
    browser = await signed_in(desk)
    fields = {
        "name": "3号机",
        "address": "政务大厅",
        "latitude": "22.5",
        "longitude": "113.8",
        "datum": "WGS-84",
        "csrf": await browser.csrf("/kiosks"),
    } | change

    assert (await browser.post("/kiosks/announce", **fields)).status_code == 400
    assert await desk.kiosks.all() == ()


async def test_an_administrator_unlocks_an_account_and_that_is_on_record(desk):
    await desk.locks.lock("residents", "zhang", None, "reported by the resident")
    browser = await signed_in(desk)

    listed = (await browser.get("/locks")).text
    csrf = await browser.csrf("/locks")
    await browser.post("/locks/unlock", csrf=csrf, realm="residents", subject="zhang")

    assert "张伟 (zhangwei)" in listed
    assert not await desk.locks.is_locked("residents", "zhang", desk.clock())
    assert [(e.name, e.account, e.actor) for e in desk.audit.events] == [
        ("qr_unlocked", "zhang", "admin")
    ]


async def test_the_audit_record_is_read_whole_or_by_account(desk):
    browser = await signed_in(desk)
    await issue(browser, subject="zhang", checked="yes")

    everything = (await browser.get("/audit")).text
    by_account = (await browser.get("/audit?realm=residents&username=zhangwei")).text
    of_another = (await browser.get("/audit?realm=residents&username=disabled")).text
    of_nobody = (await browser.get("/audit?realm=elsewhere&username=nobody")).text

    assert "签发激活码" in re.sub(r"<title>.*</title>", "", everything)
    assert "何敏 (admin-he)" in by_account
    assert "何敏 (admin-he)" not in of_another
    assert "没有账号 nobody" in of_nobody


async def test_the_overview_tells_when_nobody_follows_the_changes(desk):
    browser = await signed_in(desk)
    healthy = (await browser.get("/start")).text
    desk.clock.advance(11)

    deaf = (await browser.get("/start")).text

    assert 'data-tone="bad"' not in healthy
    assert deaf.count('data-tone="bad"') == 2
