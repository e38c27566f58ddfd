"""QR login in a real browser: a computer and a phone, each with storage of its own."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from idp_bridge.core.geo import Position
from tests.browsers import chromium_program
from tests.web.served_world import ServedWorld, served

HALL = {"latitude": 22.5741, "longitude": 113.8684, "accuracy": 20}
FLAGS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera of the browser sees: frames of a film that a test writes."""
    return tmp_path_factory.mktemp("camera") / "camera.mjpeg"


@pytest.fixture(scope="module")
def chromium(film: Path) -> Iterator[Browser]:
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={film}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def world() -> Iterator[ServedWorld]:
    with served() as world:
        yield world


@pytest.fixture
def computer(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def pc(computer: BrowserContext) -> Page:
    return computer.new_page()


@pytest.fixture
def pocket(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        locale="zh-CN",
        viewport={"width": 390, "height": 844},
        is_mobile=True,
        has_touch=True,
        geolocation=HALL,
        permissions=["geolocation"],
    )
    yield context
    context.close()


@pytest.fixture
def phone(pocket: BrowserContext, world: ServedWorld) -> Page:
    """A registered phone at the scanner."""
    page = pocket.new_page()
    page.goto(f"{world.resident}/login?next=%2Fq")
    page.get_by_role("button", name="设为登录手机").click()
    expect(state(page, "scan")).to_be_visible()
    return page


def state(page: Page, name: str) -> "Page":
    return page.locator(f'section[data-state="{name}"]')  # type: ignore[return-value]


def arrive(pc: Page, world: ServedWorld) -> bytes:
    """Open the sign-in page; a picture of its code."""
    pc.goto(f"{world.issuer}/begin")
    return picture(pc)


def picture(pc: Page) -> bytes:
    pc.wait_for_selector("#code svg")
    return pc.locator("#code").screenshot()


def show(phone: Page, code: bytes) -> None:
    """Have the phone read a picture of the code."""
    file = {"name": "code.png", "mimeType": "image/png", "buffer": code}
    phone.locator("#picture").set_input_files(file)  # type: ignore[arg-type]
    expect(state(phone, "asked")).to_be_visible()


def approve(phone: Page) -> None:
    phone.get_by_role("button", name="同意登录").click()


def digits_on(phone: Page) -> str:
    expect(state(phone, "digits")).to_be_visible()
    return "".join(phone.locator("#big-digits b").all_inner_texts())


def text_of(code: bytes) -> str:
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(code)))
    return found[0].text if found else ""


def test_a_resident_points_the_camera_at_the_screen_and_is_signed_in(
    world: ServedWorld, pc: Page, phone: Page, film: Path
) -> None:
    code = Image.open(io.BytesIO(arrive(pc, world))).convert("RGB").resize((360, 360))
    seen = Image.new("RGB", (640, 480), "#666")
    seen.paste(code, (140, 60))
    frame = io.BytesIO()
    seen.save(frame, "JPEG", quality=92)
    film.write_bytes(frame.getvalue() * 30)

    phone.get_by_role("button", name="打开相机").click()
    expect(state(phone, "asked")).to_be_visible(timeout=15_000)
    expect(state(pc, "scanned")).to_be_visible()
    approve(phone)
    pc.get_by_label("手机上的 4 位数字").fill(digits_on(phone))

    expect(pc.get_by_role("heading", name="signed in")).to_be_visible()
    expect(state(phone, "done")).to_be_visible()


def test_the_next_time_the_known_computer_asks_for_a_click_only(
    world: ServedWorld, pc: Page, phone: Page
) -> None:
    show(phone, arrive(pc, world))
    approve(phone)
    pc.locator("#digits").fill(digits_on(phone))
    expect(pc.get_by_role("heading", name="signed in")).to_be_visible()

    phone.goto(f"{world.resident}/q")
    show(phone, arrive(pc, world))
    approve(phone)
    pc.get_by_role("button", name="以 张* 继续").click()

    expect(pc.get_by_role("heading", name="signed in")).to_be_visible()


def test_the_phone_is_told_of_a_new_sign_in_on_any_page_of_the_portal(
    world: ServedWorld, pc: Page, phone: Page
) -> None:
    phone.goto(f"{world.resident}/phone")
    phone.wait_for_function("() => localStorage.getItem('notices-seen') !== null")
    phone.goto(f"{world.resident}/q")
    show(phone, arrive(pc, world))
    approve(phone)
    pc.locator("#digits").fill(digits_on(phone))
    expect(state(phone, "done")).to_be_visible()

    phone.goto(f"{world.resident}/phone")

    expect(phone.get_by_role("alert").filter(has_text="刚刚以您的身份登录")).to_be_visible()


def test_everything_is_said_before_the_decision_and_enter_declines(
    world: ServedWorld, pc: Page, phone: Page
) -> None:
    show(phone, arrive(pc, world))
    asked = state(phone, "asked")

    expect(asked).to_contain_text("登录所有门户，最长 8 小时")
    for fact in ("设备", "城市", "网络", "时间", "您以前没有在那台设备上登录过"):
        expect(asked).to_contain_text(fact)
    boxes = [phone.locator(button).bounding_box() or {} for button in ("#deny", "#approve")]
    sizes = [(box["width"], box["height"]) for box in boxes]
    assert sizes[0] == sizes[1]
    phone.keyboard.press("Enter")

    expect(state(phone, "denied")).to_be_visible()
    expect(state(pc, "denied")).to_be_visible()


def test_nobody_can_press_approve_before_two_seconds_have_passed(
    world: ServedWorld, pc: Page, phone: Page
) -> None:
    show(phone, arrive(pc, world))

    expect(phone.locator("#approve")).to_be_disabled()
    expect(phone.locator("#approve")).to_be_enabled(timeout=5_000)


def test_three_wrong_numbers_end_it(world: ServedWorld, pc: Page, phone: Page) -> None:
    show(phone, arrive(pc, world))
    approve(phone)
    wrong = "0000" if digits_on(phone) != "0000" else "1111"

    for left in ("2", "1"):
        pc.locator("#digits").fill(wrong)
        expect(pc.locator("#check-answer")).to_contain_text(f"还可以试 {left} 次")
    pc.locator("#digits").fill(wrong)

    expect(state(pc, "wrong")).to_be_visible()


def test_codes_stop_renewing_themselves_until_somebody_asks(world: ServedWorld, pc: Page) -> None:
    old = text_of(arrive(pc, world))
    world.core.clock.advance(181)

    pc.get_by_role("button", name="继续显示二维码").click()

    new = text_of(picture(pc))
    assert new.startswith(f"{world.resident}/q#")
    assert new != old


def test_the_code_renews_itself_and_is_dark_on_white_in_the_dark(
    world: ServedWorld, chromium: Browser
) -> None:
    context = chromium.new_context(color_scheme="dark")
    pc = context.new_page()
    first = text_of(arrive(pc, world))
    world.core.clock.advance(10)
    pc.wait_for_function(
        "before => document.querySelector('#code path').getAttribute('d') !== before",
        arg=pc.locator("#code path").get_attribute("d"),
    )
    second = picture(pc)
    context.close()

    corner = Image.open(io.BytesIO(second)).convert("RGB").getpixel((6, 6))
    assert corner == (255, 255, 255)
    assert text_of(second) not in ("", first)


def test_a_lost_network_is_said_and_the_page_goes_on_by_itself(
    world: ServedWorld, pc: Page, phone: Page, computer: BrowserContext
) -> None:
    # The stream would outlive the emulated loss: this is about the page that polls.
    computer.route("**/qr/events*", lambda route: route.abort())
    code = arrive(pc, world)
    computer.set_offline(True)
    expect(pc.get_by_text("网络断开了")).to_be_visible(timeout=10_000)

    show(phone, code)
    computer.set_offline(False)

    expect(state(pc, "scanned")).to_be_visible(timeout=10_000)
    expect(pc.get_by_text("网络断开了")).to_be_hidden()


def test_polling_alone_is_enough(
    world: ServedWorld, pc: Page, phone: Page, computer: BrowserContext
) -> None:
    computer.route("**/qr/events*", lambda route: route.abort())
    show(phone, arrive(pc, world))
    approve(phone)
    expect(state(pc, "check")).to_be_visible(timeout=10_000)
    pc.locator("#digits").fill(digits_on(phone))

    expect(pc.get_by_role("heading", name="signed in")).to_be_visible()
    assert "GET /qr/status" in world.requests


def test_a_reload_goes_on_where_it_was(world: ServedWorld, pc: Page, phone: Page) -> None:
    show(phone, arrive(pc, world))
    pc.reload()
    expect(state(pc, "scanned")).to_be_visible()
    approve(phone)
    digits = digits_on(phone)
    pc.reload()
    pc.locator("#digits").fill(digits)

    expect(pc.get_by_role("heading", name="signed in")).to_be_visible()


def test_the_back_button_leads_to_no_second_sign_in(
    world: ServedWorld, pc: Page, phone: Page
) -> None:
    show(phone, arrive(pc, world))
    approve(phone)
    pc.locator("#digits").fill(digits_on(phone))
    expect(pc.get_by_role("heading", name="signed in")).to_be_visible()
    here = pc.url

    pc.goto(f"{world.issuer}/begin")
    pc.wait_for_selector("#code svg")
    pc.go_back()

    assert pc.url == here
    assert world.core.audit.names.count("qr_claimed") == 1


def test_two_tabs_do_not_disturb_one_another(
    world: ServedWorld, pc: Page, phone: Page, computer: BrowserContext
) -> None:
    first = arrive(pc, world)
    other = computer.new_page()
    arrive(other, world)

    show(phone, first)

    expect(state(pc, "scanned")).to_be_visible()
    expect(state(other, "pending")).to_be_visible()


def test_a_phone_is_offered_its_own_sign_in_and_no_code(
    world: ServedWorld, pocket: BrowserContext
) -> None:
    page = pocket.new_page()
    page.goto(f"{world.issuer}/begin")

    expect(page.get_by_role("heading", name="在这部手机上登录")).to_be_visible()
    expect(page.locator("#code svg")).to_have_count(0)
    assert "POST /qr/start" not in world.requests


def test_a_code_opened_by_another_app_warns_and_waits_for_a_tap(
    world: ServedWorld, pc: Page, phone: Page
) -> None:
    phone.goto("about:blank")
    phone.goto(text_of(arrive(pc, world)))

    expect(state(phone, "foreign")).to_be_visible()
    assert phone.url == f"{world.resident}/q"
    expect(state(pc, "pending")).to_be_visible()
    phone.get_by_role("button", name="我就在屏幕前，继续").click()
    expect(state(phone, "asked")).to_contain_text("别的应用")


def test_a_signed_out_phone_is_told_to_sign_in_and_to_scan_again(
    world: ServedWorld, pc: Page, pocket: BrowserContext
) -> None:
    page = pocket.new_page()
    page.goto(text_of(arrive(pc, world)))

    expect(state(page, "signin")).to_contain_text("再扫一次")
    expect(state(pc, "pending")).to_be_visible()


def test_a_code_of_somebody_else_is_named_and_not_followed(
    world: ServedWorld, phone: Page, pc: Page
) -> None:
    pc.set_content("<div id='code'></div>")
    pc.goto(f"{world.issuer}/begin")
    pc.wait_for_selector("#code svg")
    pc.evaluate(
        """async () => {
            const { drawQr } = await import('/static/js/qr_draw.js');
            const holder = document.createElement('div');
            holder.id = 'other';
            holder.style.width = '300px';
            document.body.prepend(holder);
            drawQr(holder, 'https://my.test.evil.example/q#AAAAAAAAAAAAAAAAAAAAAA', 'x');
        }"""
    )
    other = pc.locator("#other").screenshot()
    file = {"name": "code.png", "mimeType": "image/png", "buffer": other}
    phone.locator("#picture").set_input_files(file)  # type: ignore[arg-type]

    expect(phone.get_by_role("alert")).to_contain_text("my.test.evil.example")
    expect(state(phone, "scan")).to_be_visible()


def test_the_key_cannot_be_exported_and_survives_a_reload(phone: Page) -> None:
    read = """async () => {
        const request = indexedDB.open('idp-bridge', 1);
        await new Promise((done) => (request.onsuccess = done));
        const all = request.result.transaction('keys').objectStore('keys').getAll();
        await new Promise((done) => (all.onsuccess = done));
        const [{ privateKey, thumbprint }] = all.result;
        const refused = await crypto.subtle.exportKey('pkcs8', privateKey).catch((e) => e.name);
        return [refused, thumbprint];
    }"""
    before = phone.evaluate(read)
    phone.reload()
    expect(state(phone, "scan")).to_be_visible()

    assert before[0] == "InvalidAccessError"
    assert phone.evaluate(read) == before


def test_a_phone_whose_storage_was_cleared_has_to_register_again(
    world: ServedWorld, phone: Page
) -> None:
    phone.evaluate("indexedDB.deleteDatabase('idp-bridge')")
    phone.reload()

    expect(state(phone, "register")).to_be_visible()


def test_an_idle_kiosk_signs_out_and_greets_the_next_person(
    world: ServedWorld, computer: BrowserContext, pc: Page
) -> None:
    position = Position(22.5741, 113.8684)
    _, code = world.run(
        world.core.kiosks.announce(name="1号自助机", address="西乡街道", position=position)
    )
    control = computer.new_cdp_session(pc)
    context = control.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    granted = {"origin": world.issuer, "permissions": ["idleDetection"]}
    control.send("Browser.grantPermissions", granted | {"browserContextId": context})
    control.send("Emulation.setIdleOverride", {"isUserActive": True, "isScreenUnlocked": True})
    pc.goto(f"{world.issuer}/kiosk")
    pc.get_by_label("登记码").fill(code)
    pc.get_by_role("button", name="登记").click()
    with computer.expect_page() as opening:
        pc.get_by_role("button", name="开始办理").click()
    expect(state(pc, "busy")).to_be_visible()

    control.send("Emulation.setIdleOverride", {"isUserActive": False, "isScreenUnlocked": True})

    expect(pc.get_by_role("button", name="开始办理")).to_be_visible()
    assert opening.value.is_closed()
    assert "POST /kiosk/end" in world.requests


def test_a_kiosk_shows_its_name_on_the_phone_and_a_near_phone_needs_no_digits(
    world: ServedWorld, pc: Page, phone: Page
) -> None:
    position = Position(22.5741, 113.8684)
    _, code = world.run(
        world.core.kiosks.announce(name="1号自助机", address="西乡街道", position=position)
    )
    pc.goto(f"{world.issuer}/kiosk")
    pc.get_by_label("登记码").fill(code)
    pc.get_by_role("button", name="登记").click()
    expect(pc.get_by_role("button", name="开始办理")).to_be_visible()

    show(phone, arrive(pc, world))
    expect(state(phone, "asked")).to_contain_text("1号自助机")
    expect(state(phone, "asked")).to_contain_text("最长 15 分钟")
    approve(phone)

    expect(state(phone, "click")).to_be_visible()
    pc.get_by_role("button", name="以 张* 继续").click()
    expect(pc.get_by_role("heading", name="signed in")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_serious(
    world: ServedWorld, pc: Page, phone: Page, language: str
) -> None:
    for page, address in (
        (pc, f"{world.issuer}/begin"),
        (pc, f"{world.issuer}/activate"),
        (pc, f"{world.issuer}/kiosk"),
        (phone, f"{world.resident}/q"),
        (phone, f"{world.resident}/phone"),
    ):
        page.goto(address)
        page.goto(f"{page.url}{'&' if '?' in page.url else '?'}lang={language}")
        page.wait_for_load_state("networkidle") if "begin" not in address else picture(page)
        found = Axe().run(page).response["violations"]
        serious = [v["id"] for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], f"{address}: {serious}"
