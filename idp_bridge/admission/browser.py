"""A browser as far as signing in needs one: cookies, redirects, forms that post themselves.

It runs no script. A page whose only form has nothing to fill in and goes elsewhere is one that
posts itself, as sign-in protocols have them; any other page waits for somebody to act.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import httpx

from idp_bridge.admission.cookies import Jar, origin_of
from idp_bridge.admission.markup import Form, Markup, read
from idp_bridge.core.errors import BridgeError

_MOST_HOPS = 30
_MOST_TEXT = 2_000_000
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) idp-bridge-check"
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

Pairs = tuple[tuple[str, str], ...]


class CannotBrowse(BridgeError):
    """An address does not answer, or sends the browser round in circles."""

    code = "cannot_browse"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``form`` is what is posted; ``None`` is a GET."""

    url: str
    form: Pairs | None = None
    comes_from: str = ""

    @property
    def parameters(self) -> Pairs:
        """What is said in the form, or else in the query."""
        if self.form is not None:
            return self.form
        return tuple(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def saying(self, parameters: Pairs) -> "Ask":
        """The same request with other parameters."""
        if self.form is not None:
            return Ask(self.url, parameters, self.comes_from)
        changed = urlsplit(self.url)._replace(query=urlencode(parameters))
        return Ask(urlunsplit(changed), None, self.comes_from)


@dataclass(frozen=True, slots=True)
class Hop:
    """One request that was made, and how it was answered."""

    ask: Ask
    status: int


@dataclass(frozen=True, slots=True)
class Page:
    """Where the browser is. ``held`` is the request that was not made, if it was stopped."""

    url: str
    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    held: Ask | None = None

    @property
    def markup(self) -> Markup:
        """Its forms, links and what it loads."""
        return read(self.url, self.text)


Stop = Callable[[Ask], bool]


class Browser:
    """One browser. ``rewrite`` may change an address before it is asked for."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        jar: Jar | None = None,
        rewrite: Callable[[str], str] = lambda url: url,
    ) -> None:
        self.jar = jar or Jar()
        self.trail: list[Hop] = []
        self._http = http
        self._rewrite = rewrite

    async def open(
        self, url: str, *, stop: Stop | None = None, headers: Mapping[str, str] | None = None
    ) -> Page:
        """As when somebody types an address."""
        return await self.go(Ask(url), stop=stop, headers=headers)

    async def fill_in(
        self, page: Page, form: Form, values: Mapping[str, str], *, stop: Stop | None = None
    ) -> Page:
        """As when somebody fills in a form and sends it."""
        return await self.go(_sent(page, form, values), stop=stop)

    async def go(
        self, ask: Ask, *, stop: Stop | None = None, headers: Mapping[str, str] | None = None
    ) -> Page:
        """Make a request and whatever follows by itself. Raises ``CannotBrowse``."""
        page = Page(ask.comes_from, 0)
        for _ in range(_MOST_HOPS):
            if stop is not None and stop(ask):
                return Page(page.url, page.status, page.text, page.headers, held=ask)
            page, following = await self._hop(ask, headers or {})
            if following is None:
                return page
            ask = following
        raise CannotBrowse(f"{origin_of(ask.url)} and others redirect in circles")

    async def _hop(self, ask: Ask, headers: Mapping[str, str]) -> tuple[Page, Ask | None]:
        url = self._rewrite(ask.url)
        answer = await self._answer(ask, url, headers)
        said = answer.headers.get_list("set-cookie")
        self.trail.append(Hop(Ask(url, ask.form, ask.comes_from), answer.status_code))
        self.jar.keep(url, said)
        page = Page(url, answer.status_code, answer.text[:_MOST_TEXT], answer.headers)
        if answer.is_redirect and "location" in answer.headers:
            target = urljoin(url, answer.headers["location"])
            keeps = answer.status_code in (307, 308)
            return page, Ask(target, ask.form if keeps else None, ask.comes_from)
        return page, _posts_itself(page)

    async def _answer(self, ask: Ask, url: str, headers: Mapping[str, str]) -> httpx.Response:
        own = {"accept": _ACCEPT, "user-agent": _AGENT, "accept-language": "zh-CN,zh;q=0.9"}
        own |= {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        own |= {"sec-fetch-site": _relation(ask.comes_from, url)}
        if cookies := self.jar.header(url):
            own["cookie"] = cookies
        if ask.comes_from:
            same = origin_of(ask.comes_from) == origin_of(url)
            own["referer"] = ask.comes_from if same else f"{origin_of(ask.comes_from)}/"
        if ask.form is not None:
            own["origin"] = origin_of(ask.comes_from) if ask.comes_from else "null"
            own["content-type"] = "application/x-www-form-urlencoded"
        content = None if ask.form is None else urlencode(ask.form).encode()
        verb = "GET" if ask.form is None else "POST"
        try:
            return await self._http.request(
                verb, url.partition("#")[0], headers={**own, **headers}, content=content
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CannotBrowse(f"{origin_of(url)}: {type(error).__name__}") from None


def _sent(page: Page, form: Form, values: Mapping[str, str]) -> Ask:
    fields = tuple({**form.fields, **values}.items())
    if form.method == "POST":
        return Ask(form.action, fields, page.url)
    changed = urlsplit(form.action)._replace(query=urlencode(fields))
    return Ask(urlunsplit(changed), None, page.url)


def _posts_itself(page: Page) -> Ask | None:
    if "html" not in page.headers.get("content-type", "") or page.status != 200:
        return None
    forms = page.markup.forms
    if len(forms) != 1 or forms[0].asks or forms[0].method != "POST" or not forms[0].fields:
        return None
    elsewhere = origin_of(forms[0].action) != origin_of(page.url)
    return _sent(page, forms[0], {}) if elsewhere or "onload=" in page.text.lower() else None


def _relation(comes_from: str, url: str) -> str:
    if not comes_from:
        return "none"
    if origin_of(comes_from) == origin_of(url):
        return "same-origin"
    same = urlsplit(comes_from).hostname == urlsplit(url).hostname
    return "same-site" if same else "cross-site"
