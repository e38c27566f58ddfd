"""A browser without pictures: it signs in at the resident portal by password or by QR code.

Both ways begin at the portal's ``/login`` and end with the portal's home page; both load pages and
make the calls of their scripts, no style sheets or images.
"""

import asyncio
import html
import json
import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from idp_bridge.local.phone import Phone
from idp_bridge.settings import Settings

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
_PATIENCE = 60.0
_FORM = re.compile(r'<form[^>]*id="kc-form-login"[^>]*>', re.DOTALL)
_ACTION = re.compile(r'action="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one sign-in without the person's own; ``notice`` is the part of it from the
    phone's answer until the waiting page knew."""

    total: float
    notice: float = 0.0


class Browser:
    """A browser that nobody used before."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            event_hooks={"response": [self._keep_as_browsers_do]},
            follow_redirects=True,
            timeout=_PATIENCE,
            headers={"User-Agent": AGENT, "Accept": "text/html", "Accept-Language": "zh-CN"},
        )

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def by_password(self, username: str, password: str) -> Took:
        """Keycloak's own page."""
        began = time.perf_counter()
        page = await self._http.get(f"{self._settings.resident_url}/login?way=")
        form = _FORM.search(page.text)
        action = _ACTION.search(form[0]) if form else None
        if action is None:
            raise RuntimeError(f"no sign-in form at {page.url}")
        target = urljoin(str(page.url), html.unescape(action[1]))
        page = await self._http.post(target, data={"username": username, "password": password})
        self._require_home(page)
        return Took(time.perf_counter() - began)

    async def by_qr(self, phone: Phone) -> Took:
        """Through the bridge's page and a phone that is signed in; its think time is taken off."""
        began = time.perf_counter()
        page = await self._http.get(f"{self._settings.resident_url}/login?way=qr")
        interaction = parse_qs(urlsplit(str(page.url)).query)["i"][0]
        status = await self._act("start", i=interaction)
        waiting = asyncio.create_task(self._approved(interaction))
        answer = await phone.scan(status["frame"], lambda _: True)
        answered = time.perf_counter()
        await waiting
        notice = time.perf_counter() - answered
        await self._act("confirm", i=interaction, digits=answer.digits)
        claimed = await self._act("claim", i=interaction)
        self._require_home(await self._http.get(claimed["location"]))
        thought = self._settings.qr.think_time.total_seconds()
        return Took(time.perf_counter() - began - thought, notice)

    async def _approved(self, interaction: str) -> None:
        """Follow the page's events until the phone has approved."""
        url = f"{self._settings.issuer}/qr/events"
        async with self._http.stream("GET", url, params={"i": interaction}) as events:
            async for line in events.aiter_lines():
                if line.startswith("data:") and json.loads(line[5:])["state"] == "approved":
                    return
        raise RuntimeError("the events ended before the phone's answer")

    async def _act(self, name: str, **said: str) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Origin": self._settings.issuer}
        answer = await self._http.post(
            f"{self._settings.issuer}/qr/{name}", json=said, headers=headers
        )
        if answer.is_error:
            raise RefusedError(answer)
        content: dict[str, Any] = answer.json()
        return content

    def _require_home(self, page: httpx.Response) -> None:
        home = f"{self._settings.resident_url}/"
        if page.status_code != 200 or str(page.url) != home:
            raise NotSignedInError(f"not signed in: {page.status_code} at {page.url.path}")

    async def _keep_as_browsers_do(self, response: httpx.Response) -> None:
        # Browsers send Secure cookies to http://localhost too; the standard jar does not.
        if response.url.host == "localhost":
            for cookie in self._http.cookies.jar:
                cookie.secure = False


class NotSignedInError(RuntimeError):
    """The way ended elsewhere than at the portal's home page."""


class RefusedError(RuntimeError):
    """The bridge refused a call; ``wait`` says for how many seconds, if it is only too early."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.status_code} at {answer.url.path}: {answer.text[:200]}")
        self.wait = int(answer.headers.get("retry-after", 0))
