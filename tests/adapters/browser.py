"""A browser as far as apps can tell: cookies by origin, redirects, forms with their origin."""

from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

import httpx

PAGE = {"accept": "text/html,*/*;q=0.8"}


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Browser:
    """Sends ``Secure`` cookies to http://localhost: browsers do, Python's cookie jars do not."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, str]] = {}
        self.set: list[str] = []
        self.policies: dict[str, str] = {}
        self._http = httpx.Client(timeout=20)

    def close(self) -> None:
        self._http.close()

    def get(self, url: str, *, follow: bool = True, **headers: str) -> httpx.Response:
        return self._go("GET", url, follow, {**PAGE, **headers}, None)

    def post(self, url: str, *, follow: bool = True, **form: str) -> httpx.Response:
        said = "null" if self.policies.get(origin(url)) == "no-referrer" else origin(url)
        return self._go("POST", url, follow, {**PAGE, "origin": said}, form)

    def post_from(self, site: str, url: str, **form: str) -> httpx.Response:
        """A form on another site. Lax cookies would stay at home; a rule must not lean on that."""
        return self._go("POST", url, False, {**PAGE, "origin": site}, form)

    def _go(
        self,
        method: str,
        url: str,
        follow: bool,
        headers: dict[str, str],
        form: dict[str, str] | None,
    ) -> httpx.Response:
        for _ in range(12):
            answer = self._send(method, url, headers, form)
            if not (follow and answer.is_redirect):
                return answer
            url, method, form = urljoin(url, answer.headers["location"]), "GET", None
            headers = {name: value for name, value in headers.items() if name != "origin"}
        raise AssertionError("redirected for ever")

    def _send(
        self, method: str, url: str, headers: dict[str, str], form: dict[str, str] | None
    ) -> httpx.Response:
        jar = self.cookies.setdefault(origin(url), {})
        sent = {**headers, "cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        answer = self._http.request(method, url, headers=sent, data=form)
        self.policies[origin(url)] = answer.headers.get("referrer-policy", "")
        for line in answer.headers.get_list("set-cookie"):
            self.set.append(line)
            for name, morsel in SimpleCookie(line).items():
                if morsel.value and morsel["max-age"] != "0":
                    jar[name] = morsel.value
                else:
                    jar.pop(name, None)
        return answer
