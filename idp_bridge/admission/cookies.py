"""A browser's cookies: by host and path, never by port, and ``Secure`` ones on this machine too."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie as it was set. ``origin`` is who set it; ``same_site`` is empty when not said."""

    name: str
    value: str
    host: str
    whole_domain: bool
    path: str
    secure: bool
    http_only: bool
    same_site: str
    origin: str
    over: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What a later cookie replaces."""
        return (self.host, self.path, self.name)


class Jar:
    """What one browser keeps."""

    def __init__(self, cookies: Iterable[Cookie] = ()) -> None:
        self._held = {cookie.key: cookie for cookie in cookies}

    def __iter__(self) -> Iterator[Cookie]:
        return iter(self._held.values())

    def copy(self, *, origins: Iterable[str] | None = None, without: Cookie | None = None) -> "Jar":
        """The cookies that ``origins`` set (all, when not said), but for one."""
        kept = [c for c in self if origins is None or c.origin in origins]
        return Jar(c for c in kept if without is None or c.key != without.key)

    def put(self, cookie: Cookie) -> None:
        """Take one as given."""
        self._held[cookie.key] = cookie

    def keep(self, url: str, set_cookies: Iterable[str]) -> None:
        """Take what an answer from ``url`` set, as far as a browser would."""
        for text in set_cookies:
            cookie = parsed(url, text)
            if cookie is None or not _acceptable(cookie, urlsplit(url)):
                continue
            if cookie.over:
                self._held.pop(cookie.key, None)
            else:
                self._held[cookie.key] = cookie

    def header(self, url: str) -> str:
        """The ``Cookie`` header for ``url``; longer paths first (RFC 6265, 5.4)."""
        meant = [cookie for cookie in self if _meant_for(cookie, urlsplit(url))]
        meant.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in meant)


def parsed(url: str, text: str) -> Cookie | None:
    """A ``Set-Cookie`` header; ``None`` for what a browser ignores."""
    pair, *rest = text.split(";")
    name, equals, value = pair.strip().partition("=")
    if not equals or not name:
        return None
    said = {
        key.strip().lower(): given.strip()
        for key, _, given in (attribute.partition("=") for attribute in rest)
    }
    parts = urlsplit(url)
    domain = said.get("domain", "").lstrip(".").lower()
    path = said.get("path", "")
    return Cookie(
        name=name,
        value=value,
        host=domain or (parts.hostname or ""),
        whole_domain=bool(domain),
        path=path if path.startswith("/") else _folder(parts.path),
        secure="secure" in said,
        http_only="httponly" in said,
        same_site=said.get("samesite", "").lower(),
        origin=origin_of(url),
        over=_is_over(said),
    )


def origin_of(url: str) -> str:
    """Scheme, host and port as one word."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine, where browsers trust plain HTTP."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _acceptable(cookie: Cookie, url: SplitResult) -> bool:
    host = url.hostname or ""
    if cookie.whole_domain and host != cookie.host and not host.endswith(f".{cookie.host}"):
        return False
    if cookie.secure and not _trusted(url):
        return False
    if cookie.name.startswith("__Host-"):
        return cookie.secure and cookie.path == "/" and not cookie.whole_domain
    return cookie.secure or not cookie.name.startswith("__Secure-")


def _meant_for(cookie: Cookie, url: SplitResult) -> bool:
    host, path = url.hostname or "", url.path or "/"
    same = host == cookie.host or (cookie.whole_domain and host.endswith(f".{cookie.host}"))
    below = path == cookie.path or path.startswith(cookie.path.rstrip("/") + "/")
    return same and below and (not cookie.secure or _trusted(url))


def _trusted(url: SplitResult) -> bool:
    return url.scheme == "https" or is_loopback(url.hostname or "")


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _is_over(said: dict[str, str]) -> bool:
    if "max-age" in said:
        return not said["max-age"].isdigit() or said["max-age"] == "0"
    if "expires" not in said:
        return False
    try:
        return parsedate_to_datetime(said["expires"].replace("-", " ")) <= datetime.now(UTC)
    except (TypeError, ValueError):
        return False
