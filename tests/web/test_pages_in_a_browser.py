"""The portals and admin pages in a real browser: usable by everybody, in every dress."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from idp_bridge.app.http import Front, Origin
from idp_bridge.core.accounts import KeycloakSession
from idp_bridge.core.audit import AuditEvent
from idp_bridge.core.geo import Position
from idp_bridge.web.phone import service_worker
from tests.browsers import chromium_program
from tests.fakes import START
from tests.web.admin_world import AdminWorld
from tests.web.portal_world import Person, PortalWorld, app
from tests.web.rights_world import AccessWorld, RightsAdminWorld

PAGES = {
    "resident": ("/", "/sessions", "/signed-out", "/callback?error=access_denied"),
    "worker": ("/", "/sessions"),
    "admin": (
        "/start",
        "/activation",
        "/kiosks",
        "/locks",
        "/apps/tickets",
        "/audit?username=zhangwei",
    ),
}
ABOUT_RIGHTS = {
    "worker": ("/", "/access", "/decisions"),
    "admin": (
        "/apps",
        "/apps/one?id=cas-app",
        "/requests",
        "/why?username=chenjing&app=grid",
        "/why?username=chenjing&app=patrol",
        "/why?username=nobody&app=grid",
        "/what-if?act=unmap&role=grid/handler&to=grid-worker",
        "/what-if?act=take&role=leader&to=wumin",
    ),
}


def resident(origin: str) -> PortalWorld:
    """Somebody with apps in three groups, signed in at two places."""
    world = PortalWorld("resident", "residents", origin)
    world.routes.append(Route("/sw.js", service_worker))
    roles = {"legal-aid": ["a"], "house-codes": ["a"], "report": ["a"]}
    world.keycloak.person = Person("zhang", "张伟", ["resident"], roles)
    world.apps.apps += (app("report", "微报事", "Report", "report"),)
    world.accounts.live["residents", "zhang"] = tuple(
        KeycloakSession(sid, START - timedelta(hours=1), START, "10.0.0.0/24", ("legal-aid",))
        for sid in ("kc-session-1", "kc-2")
    )
    return world


def worker(origin: str) -> PortalWorld:
    """Somebody with two posts."""
    world = PortalWorld("worker", "workers", origin)
    posts = ["/baoan/xixiang/grid-worker", "/baoan/xinan/counsellor"]
    roles = {"grid-service": ["handler"]}
    world.keycloak.person = Person("lin", "林晓燕", ["grid-worker"], roles, posts)
    return world


def admin(origin: str) -> AdminWorld:
    """Pages with something on them."""
    world = AdminWorld(origin)

    async def fill() -> None:
        place = Position(22.5741, 113.8684)
        kiosk, _ = await world.kiosks.announce(name="3号机", address="大厅", position=place)
        await world.kiosks.announce(name="4号机", address="大厅", position=place)
        await world.kiosks.revoke(kiosk.id)
        await world.locks.lock("residents", "zhang", None, "reported by the resident")
        await world.audit.record(AuditEvent(world.clock(), "qr_claimed", "residents", "zhang"))

    # Playwright's loop runs in this thread.
    filling = threading.Thread(target=lambda: asyncio.run(fill()))
    filling.start()
    filling.join()
    return world


def asking(origin: str) -> AccessWorld:
    """An owner of an app with requests to decide and requests of her own."""
    world = AccessWorld(origin)
    world.rights.fill()
    return world


def deciding(origin: str) -> RightsAdminWorld:
    """An administrator with everything to decide."""
    world = RightsAdminWorld(origin)
    world.rights.fill()
    return world


@contextmanager
def served(make: Callable[[str], PortalWorld]) -> Iterator[PortalWorld]:
    """A running world behind the headers that the bridge sends."""
    listening = socket.create_server(("127.0.0.1", 0))
    world = make(f"http://localhost:{listening.getsockname()[1]}")
    world.keycloak.answers_at_once = True
    front = Front((Origin(world.surface.name, world.origin, world.application()),), ())

    async def followed(scope: Scope, receive: Receive, send: Send) -> None:
        for realm in ("residents", "workers"):
            await world.revocations.heard(realm)
        await front(scope, receive, send)

    config = uvicorn.Config(followed, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_program(), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@contextmanager
def reading(
    chromium: Browser, *, phone: bool = False, dark: bool = False, english: bool = False
) -> Iterator[Page]:
    """A page of a person with these habits; whatever the browser complains of fails the test."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
        color_scheme="dark" if dark else "light",
        locale="en-GB" if english else "zh-CN",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert [said for said in complaints if "Failed to load resource" not in said] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("make", [resident, worker, admin], ids=list(PAGES))
def test_axe_finds_nothing_serious_and_no_page_is_wider_than_the_screen(
    chromium: Browser, make: Callable[[str], PortalWorld], phone: bool, dark: bool
) -> None:
    with (
        served(make) as world,
        reading(chromium, phone=phone, dark=dark, english=dark) as page,
    ):
        page.goto(f"{world.origin}/")
        _sound(page)
        page.goto(f"{world.origin}/login?next=/")
        for path in PAGES[world.surface.name]:
            page.goto(f"{world.origin}{path}")
            _sound(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("make", [asking, deciding], ids=["worker", "admin"])
def test_axe_finds_nothing_serious_on_the_pages_about_rights(
    chromium: Browser, make: Callable[[str], PortalWorld], phone: bool, dark: bool
) -> None:
    with (
        served(make) as world,
        reading(chromium, phone=phone, dark=dark, english=dark) as page,
    ):
        page.goto(f"{world.origin}/login?next=/")
        for path in ABOUT_RIGHTS[world.surface.name]:
            page.goto(f"{world.origin}{path}")
            _sound(page)


def _sound(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_the_search_box_leaves_the_tiles_that_match(chromium: Browser) -> None:
    with served(resident) as world, reading(chromium, phone=True) as page:
        page.goto(f"{world.origin}/login?next=/")
        box = page.get_by_role("searchbox", name="搜索服务")

        box.fill("法律")
        expect(page.get_by_role("link", name="法律援助")).to_be_visible()
        expect(page.get_by_role("link", name="房屋编码")).to_be_hidden()
        expect(page.get_by_role("heading", name="查信息")).to_be_hidden()
        expect(page.get_by_role("status")).to_have_text("找到 1 项服务")

        box.fill("house")
        expect(page.get_by_role("link", name="房屋编码")).to_be_visible()
        box.fill("没有这个")
        expect(page.get_by_text("没有找到相符的服务")).to_be_visible()
        box.fill("")
        expect(page.get_by_role("link", name="法律援助")).to_be_visible()


def test_a_phone_may_install_the_resident_portal(chromium: Browser) -> None:
    with served(resident) as world, reading(chromium, phone=True) as page:
        page.goto(f"{world.origin}/")

        scope = page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.scope)")
        manifest = page.evaluate(
            "fetch(document.querySelector('link[rel=manifest]').href).then((r) => r.json())"
        )

        assert scope == f"{world.origin}/"
        assert manifest["start_url"] == "/"
        for picture in manifest["icons"]:
            assert page.context.request.get(f"{world.origin}{picture['src']}").ok


def test_the_portal_is_usable_by_keyboard_alone(chromium: Browser) -> None:
    with served(resident) as world, reading(chromium) as page:
        page.goto(f"{world.origin}/login?next=/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")

        expect(page.get_by_role("link", name="扫码登录电脑")).to_be_focused()


def test_large_type_and_language_stay_chosen_from_page_to_page(chromium: Browser) -> None:
    with served(resident) as world, reading(chromium, phone=True) as page:
        page.goto(f"{world.origin}/login?next=/")
        normal = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        page.get_by_role("link", name="大字版").click()
        page.get_by_role("link", name="English").click()
        page.get_by_role("link", name="Signed-in places").click()

        expect(page.get_by_role("heading", name="Signed-in places")).to_be_visible()
        large = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        assert large > normal * 1.25
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_resident_ends_another_place_from_the_list(chromium: Browser) -> None:
    with served(resident) as world, reading(chromium, phone=True) as page:
        page.goto(f"{world.origin}/login?next=/sessions")

        page.get_by_role("button", name="退出这里").click()

        expect(page.get_by_role("status")).to_contain_text("已退出")
        assert world.accounts.ended == [("residents", "kc-2")]


def test_a_counter_issues_a_code_step_by_step(chromium: Browser) -> None:
    with served(admin) as world, reading(chromium) as page:
        page.goto(f"{world.origin}/login?next=/activation")
        page.get_by_label("居民账号").fill("nobody")
        page.get_by_role("button", name="查找").click()
        expect(page.get_by_role("alert")).to_contain_text("没有这个居民账号")

        page.get_by_label("居民账号").fill("zhangwei")
        page.get_by_role("button", name="查找").click()
        issue = page.get_by_role("button", name="签发激活码")
        issue.click()
        expect(issue).to_be_visible()  # The browser asks for the tick first.
        page.get_by_label("我已查看身份证原件").check()
        issue.click()

        expect(page.get_by_role("img", name="激活用的二维码")).to_be_visible()
        _sound(page)
