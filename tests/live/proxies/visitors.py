"""Somebody at an app behind a proxy: a browser without scripts, and a hand on the wire."""

import html
import json
import re
import socket
from typing import Any
from urllib.parse import urljoin

import httpx

_FORM = re.compile(r'<form[^>]*id="kc-form-login"[^>]*>', re.DOTALL)
_ACTION = re.compile(r'action="([^"]+)"')
PAGE = {
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Language": "zh-CN",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


class Visitor:
    """One browser; its cookies are sent to every port of localhost, as browsers do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.hops: list[str] = []
        self.http = httpx.Client(
            headers=PAGE,
            follow_redirects=True,
            timeout=20,
            event_hooks={"response": [self._keep_as_browsers_do]},
        )

    def get(self, path: str = "/", **headers: str) -> httpx.Response:
        return self.http.get(self.url + path, headers=headers)

    def call(self, method: str, path: str, **headers: str) -> httpx.Response:
        """As a script does: no page is wanted, and no redirect followed."""
        said = {"Accept": "application/json", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
        return self.http.request(
            method, self.url + path, headers=said | headers, follow_redirects=False
        )

    def sign_in(self, path: str, person: dict[str, Any]) -> httpx.Response:
        """Open a page of the app and type name and password where that leads."""
        page = self.get(path)
        form = _FORM.search(page.text)
        action = _ACTION.search(form[0]) if form else None
        assert action, f"no sign-in form at {page.url}: {page.status_code} {page.text[:300]}"
        self.hops.clear()
        typed = {"username": person["username"], "password": person["password"]}
        return self.http.post(urljoin(str(page.url), html.unescape(action[1])), data=typed)

    def cookies(self) -> str:
        """What a browser sends to the app, as one header."""
        return "; ".join(f"{c.name}={c.value}" for c in self.http.cookies.jar)

    def _keep_as_browsers_do(self, response: httpx.Response) -> None:
        # Browsers send Secure cookies to http://localhost too; the standard jar does not.
        for cookie in self.http.cookies.jar:
            cookie.secure = False
        if response.is_redirect:
            self.hops.append(str(response.url))


def wire(port: int, text: str) -> tuple[int, bytes]:
    """Send bytes as they are; the status and all that came back until the connection rests."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(1)
        connection.sendall(text.encode("latin-1"))
        came = b""
        try:
            while piece := connection.recv(65536):
                came += piece
        except (TimeoutError, ConnectionResetError):
            pass
    status = re.match(rb"HTTP/1\.[01] (\d{3})", came)
    return int(status[1]) if status else 0, came


def answered(came: bytes) -> bool:
    """Whether the app behind the proxy answered."""
    return b'"path": ' in came


def reached(came: bytes) -> list[tuple[str, str]]:
    """The headers that the app got, read out of what came back."""
    body = came[came.index(b"{") : came.rindex(b"}") + 1]
    return [(name, value) for name, value in json.loads(body)["headers"]]


def asking(path: str, port: int, *headers: str, method: str = "GET") -> str:
    """A request of one's own making, after which the connection is closed."""
    lines = (f"{method} {path} HTTP/1.1", f"Host: localhost:{port}", *headers, "Connection: close")
    return "\r\n".join((*lines, "", ""))
