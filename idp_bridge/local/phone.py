"""A phone for those who have none at hand: signs in for real, holds a key, scans and decides.

It goes through the same addresses as the resident's own page: Keycloak's sign-in page with the
person's password, then ``/phone`` and ``/q``. Its key stays in a file of its own.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urljoin

import httpx

from idp_bridge.core.errors import BridgeError
from idp_bridge.local.phone_key import PhoneKey

_LIFETIME_OF_A_PAGE = 20.0


class PhoneError(BridgeError):
    """The phone cannot go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a scan: ``context`` is what the person was asked to approve."""

    context: dict[str, Any]
    approved: bool
    digits: str


class Phone:
    """One person's phone against one resident portal."""

    def __init__(self, *, portal: str, key_file: Path, ca_file: Path | None = None) -> None:
        self._portal = portal
        self._key = PhoneKey.at(key_file)
        self._csrf = ""
        self._http = httpx.AsyncClient(
            event_hooks={"response": [self._keep_as_browsers_do]},
            follow_redirects=True,
            timeout=_LIFETIME_OF_A_PAGE,
            verify=str(ca_file) if ca_file else True,
            headers={"User-Agent": "idp-bridge phone (Android)", "Accept": "text/html"},
        )

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def sign_in(self, username: str, password: str) -> None:
        """Sign in at Keycloak's page and register this phone's key. Raises ``PhoneError``."""
        page = await self._open(f"{self._portal}/login?way=&fresh=1&next=/phone")
        form = _Page(page.text)
        if not form.action:
            raise PhoneError(f"no sign-in form at {page.url.host}: is the stack ready?")
        filled = {**form.hidden, "username": username, "password": password}
        page = await self._http.post(urljoin(str(page.url), form.action), data=filled)
        if not str(page.url).startswith(f"{self._portal}/phone"):
            raise PhoneError(
                f"Keycloak did not let {username} in: wrong password, or more is asked"
            )
        self._csrf = _Page(page.text).csrf
        await self._register()

    async def scan(self, frame: str, decide: Callable[[dict[str, Any]], bool]) -> Answer:
        """See a code, learn what it asks, let ``decide`` answer, send the signed answer."""
        await self._open(f"{self._portal}/q")
        await self._post("/q/seen", {"frame": frame})
        asked = await self._post("/q/scan", {"frame": frame, "gesture": "in_app"})
        context: dict[str, Any] = json.loads(asked["context"])
        approve = decide(context)
        await asyncio.sleep(asked["wait"] if approve else 0)
        decision = {
            "flow": asked["reference"],
            "frame": context["frame"],
            "ctx": hashlib.sha256(asked["context"].encode()).hexdigest(),
            "nonce": asked["nonce"],
            "decision": "approve" if approve else "deny",
            "iat": int(time.time()),
        }
        signed = self._key.sign({"typ": "qr-decision+jwt"}, decision)
        body = {"reference": asked["reference"], "decision": signed}
        decided = await self._post("/q/decide", body)
        return Answer(context, bool(decided["approved"]), str(decided["digits"]))

    async def _keep_as_browsers_do(self, response: httpx.Response) -> None:
        # Browsers send Secure cookies to http://localhost too; the standard jar does not.
        if response.url.host == "localhost":
            for cookie in self._http.cookies.jar:
                cookie.secure = False

    async def _register(self) -> None:
        known = await self._get("/phone/devices")
        if self._key.thumbprint not in [device["id"] for device in known["devices"]]:
            await self._post("/phone/register", {"label": "idp-bridge phone"})

    async def _open(self, url: str) -> httpx.Response:
        try:
            page = await self._http.get(url)
        except httpx.HTTPError as error:
            raise PhoneError(f"{url} cannot be reached: {type(error).__name__}") from None
        return page

    async def _get(self, path: str) -> dict[str, Any]:
        answer = await self._http.get(
            f"{self._portal}{path}", headers={"Accept": "application/json"}
        )
        return _content(answer)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._portal}{path}"
        headers = {
            "Accept": "application/json",
            "Origin": self._portal,
            "X-CSRF-Token": self._csrf,
            "DPoP": self._proof(url),
        }
        return _content(await self._http.post(url, json=body, headers=headers))

    def _proof(self, url: str) -> str:
        payload = {"htm": "POST", "htu": url, "iat": int(time.time()), "jti": token_hex(16)}
        return self._key.sign({"typ": "dpop+jwt", "jwk": self._key.jwk}, payload)


def _content(answer: httpx.Response) -> dict[str, Any]:
    content: dict[str, Any] = answer.json() if answer.content else {}
    if answer.is_error:
        raise PhoneError(f"{content.get('error')}: {content.get('error_description', '')}")
    return content


class _Page(HTMLParser):
    """The first form of a page that is posted, and the session's CSRF token."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = self.csrf = ""
        self.hidden: dict[str, str] = {}
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "meta" and said.get("name") == "csrf":
            self.csrf = said.get("content", "")
        elif tag == "form" and said.get("id") == "kc-form-login":
            self.action, self._inside = said.get("action", ""), True
        elif tag == "input" and self._inside and said.get("type") == "hidden":
            self.hidden[said.get("name", "")] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"
