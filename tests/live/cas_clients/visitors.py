"""A browser of the trial app, and the tickets it is sent with."""

import html
import re
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from tests.live.proxies.visitors import Visitor


class CasVisitor(Visitor):
    """One browser, which signs in at the CAS server ``cas``."""

    def __init__(self, url: str, cas: str) -> None:
        super().__init__(url)
        self.cas = cas
        self.entered: httpx.Response | None = None

    def ticket(self, service: str, **query: str) -> str:
        """The ticket that the browser carries to ``service``; empty when it comes without one."""
        return self._carried(service, self._asked(service, query))

    def ticket_after_password(self, person: dict[str, Any], service: str, **query: str) -> str:
        """The same, by way of Keycloak's page."""
        page = self.http.get(f"{self.cas}/login", params={"service": service, **query})
        action = re.search(r'id="kc-form-login"[^>]*action="([^"]+)"', page.text)
        assert action, f"no form at {page.url}: {page.text[:300]}"
        typed = {"username": person["username"], "password": person["password"]}
        to = urljoin(str(page.url), html.unescape(action[1]))
        return self._carried(service, self.http.post(to, data=typed, follow_redirects=False))

    def _asked(self, service: str, query: dict[str, str]) -> httpx.Response:
        asked = {"service": service, **query}
        return self.http.get(f"{self.cas}/login", params=asked, follow_redirects=False)

    def _carried(self, service: str, answer: httpx.Response) -> str:
        while answer.is_redirect:
            to = urljoin(str(answer.url), answer.headers["location"])
            if to.startswith(service):
                return parse_qs(urlsplit(to).query).get("ticket", [""])[0]
            answer = self.http.get(to, follow_redirects=False)
        raise AssertionError(f"stopped at {answer.url}: {answer.status_code}")

    def sign_out(self, **query: str) -> str:
        """Sign out at the CAS server; the address that this ends at."""
        return str(self.http.get(f"{self.cas}/logout", params=query).url)
