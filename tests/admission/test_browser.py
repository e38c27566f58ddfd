"""The played browser keeps to what real ones do, as far as a sign-in can tell."""

from collections.abc import Callable

import httpx
import pytest

from idp_bridge.admission.browser import Browser, CannotBrowse
from idp_bridge.admission.cookies import Jar
from idp_bridge.admission.keycloak_pages import by_password, one_time_code
from tests.fakes import START

Answer = Callable[[httpx.Request], httpx.Response]


def browser(answer: Answer) -> Browser:
    return Browser(httpx.AsyncClient(transport=httpx.MockTransport(answer)))


@pytest.mark.parametrize(
    ("set_at", "cookie", "asked", "sent"),
    [
        ("https://a.example/x/y", "s=1; Secure", "https://a.example/x/z", "s=1"),
        ("https://a.example/x/y", "s=1", "https://a.example/other", ""),
        ("https://a.example/x/y", "s=1; Path=/", "https://a.example/other", "s=1"),
        ("https://a.example/", "s=1; Path=/app", "https://a.example/application", ""),
        ("https://a.example/", "s=1", "https://b.example/", ""),
        ("https://a.example/", "s=1", "https://sub.a.example/", ""),
        ("https://a.example/", "s=1; Domain=a.example", "https://sub.a.example/", "s=1"),
        ("https://a.example/", "s=1; Domain=b.example", "https://b.example/", ""),
        ("https://a.example/", "s=1; Secure", "http://a.example/", ""),
        ("http://a.example/", "s=1; Secure", "https://a.example/", ""),
        ("http://localhost:1/", "s=1; Secure", "http://localhost:2/", "s=1"),
        ("https://a.example/", "__Host-s=1; Secure; Path=/", "https://a.example/x", "__Host-s=1"),
        ("https://a.example/", "__Host-s=1; Path=/", "https://a.example/", ""),
        ("https://a.example/", "__Host-s=1; Secure; Path=/x", "https://a.example/x", ""),
        ("https://a.example/", "s=1; Max-Age=0", "https://a.example/", ""),
        (
            "https://a.example/",
            "s=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "https://a.example/",
            "",
        ),
    ],
)
def test_a_cookie_goes_where_a_browser_would_send_it(
    set_at: str, cookie: str, asked: str, sent: str
):
    jar = Jar()
    jar.keep(set_at, [cookie])

    assert jar.header(asked) == sent


async def test_a_form_without_fields_to_fill_in_that_goes_elsewhere_posts_itself():
    posted = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            posted.append((str(request.url), request.content, request.headers["origin"]))
            return httpx.Response(200, text="in")
        hidden = "<input type=hidden name=t value=1>"
        page = f'<form method=post action="https://app.example/acs">{hidden}</form>'
        return httpx.Response(200, html=page)

    page = await browser(answer).open("https://sso.example/")

    assert (page.url, page.text) == ("https://app.example/acs", "in")
    assert posted == [("https://app.example/acs", b"t=1", "https://sso.example")]


async def test_a_form_that_asks_or_stays_waits_for_somebody():
    for page in (
        '<form method=post action="https://app.example/"><input name=user></form>',
        '<form method=post action="/sign-out"><input type=hidden name=csrf value=1></form>',
    ):
        shown = await browser(lambda _, page=page: httpx.Response(200, html=page)).open(
            "https://sso.example/"
        )
        assert shown.url == "https://sso.example/"


async def test_a_request_can_be_held_back_and_is_not_made():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(303, headers={"location": "https://app.example/callback?code=1"})

    page = await browser(answer).open(
        "https://sso.example/", stop=lambda ask: ask.url.startswith("https://app.example/")
    )

    assert page.held is not None
    assert page.held.parameters == (("code", "1"),)
    assert asked == ["https://sso.example/"]


async def test_redirects_in_circles_come_to_an_end():
    circling = browser(lambda _: httpx.Response(302, headers={"location": "/again"}))

    with pytest.raises(CannotBrowse, match="circles"):
        await circling.open("https://app.example/")


def test_residents_are_asked_for_a_password_and_not_for_a_scan():
    rewrite = by_password("https://sso.example")
    auth = "https://sso.example/realms/residents/protocol/openid-connect/auth"

    assert rewrite(f"{auth}?client_id=a") == f"{auth}?client_id=a&kc_idp_hint="
    assert rewrite(f"{auth}?kc_idp_hint=x") == f"{auth}?kc_idp_hint=x"
    assert rewrite("https://app.example/auth") == "https://app.example/auth"


def test_a_one_time_code_is_the_one_of_the_standard():
    # RFC 6238, appendix B: the secret of its table, at 59 s, six digits.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    assert one_time_code(secret, START.fromtimestamp(59, START.tzinfo)) == "287082"
