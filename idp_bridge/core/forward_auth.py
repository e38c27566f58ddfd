r"""The rules of forward-auth: which app guards an address, and who may ask for a path there.

    scheme://host/path, method --> Site (an origin of an app) --> Rule (the first that fits)
                        \--> Malformed: proxy and app could read it in two ways

There is one reading of a path, and it is the proxy's and the app's too: a path that another
program might take for another one is refused, never repaired. Query and fragment take no part.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

from idp_bridge.core.apps import App
from idp_bridge.core.cookies import cookie_name
from idp_bridge.core.errors import Forbidden

AT = "/.idp-bridge"
CALLBACK = f"{AT}/callback"
_PLAIN = re.compile(rb"(?=/)(?:/(?!\.)[A-Za-z0-9_~!$&'()*+,:=@.-]+(?<!\.))*/?")
_PATH = re.compile(rb"/[\x21-\x7e]*")
# Encoded though it need not be, or not though it must: such a path has a second spelling.
_SECOND_SPELLING = re.compile(rb"%(?![0-9A-Fa-f]{2})|%25[0-9A-Fa-f]{2}|[;\\#?\"<>^`{|}\[\]]")
_NEEDLESS = re.compile(rb"%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f;\\\ufffd]")
_METHOD = re.compile(rb"[A-Z]{3,20}")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Malformed(Forbidden):
    """What was asked for can be read in two ways."""


class NotGuarded(Forbidden):
    """No app is registered at this address."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """Who may ask for some routes. Empty ``hosts`` and ``methods`` mean all, empty ``roles`` any.

    A path is exact but for a slash at its end, or ends in ``/*`` and then stands for that path and
    everything below it.
    """

    hosts: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ("/*",)
    methods: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    acr: str = ""

    def fits(self, host: str, path: str, method: str, *, folded: bool = False) -> bool:
        """Whether it is about this request; ``folded`` takes capitals for small letters."""
        if self.hosts and host not in self.hosts:
            return False
        if self.methods and method not in self.methods:
            # Who answers GET answers HEAD in the same way.
            return method == "HEAD" and "GET" in self.methods and self._covers(path, folded)
        return self._covers(path, folded)

    def _covers(self, path: str, folded: bool) -> bool:
        return any(_covers(p.casefold() if folded else p, path) for p in self.paths)


ANY_ROLE = Rule()


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """An app and its rules; ``plain``: it is told by plain headers too. What is said about one that
    is not ``usable`` could not be read."""

    app: App
    rules: tuple[Rule, ...]
    plain: bool = False
    usable: bool = True

    def rule(self, host: str, path: str, method: str) -> Rule:
        """The rule about a request. Raises ``Malformed`` where capitals would make a difference."""
        found = self._first(host, path, method, folded=False)
        # Some apps do not tell capitals from small letters.
        if found is not self._first(host, path.casefold(), method, folded=True):
            raise Malformed("another rule fits in other letters")
        return found

    def _first(self, host: str, path: str, method: str, *, folded: bool) -> Rule:
        fitting = (r for r in self.rules if r.fits(host, path, method, folded=folded))
        return next(fitting, ANY_ROLE)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """An origin on which the bridge guards an app: the same app of one realm or of both."""

    origin: str
    host: str
    guards: tuple[Guard, ...]

    @property
    def callback(self) -> str:
        """Where Keycloak sends people back to."""
        return self.origin + CALLBACK

    @property
    def session_cookie(self) -> str:
        return cookie_name("idpb", self.origin)

    @property
    def login_cookie(self) -> str:
        return cookie_name("idpb-login", self.origin)

    def guard(self, realm: str) -> Guard | None:
        """The guard of one realm."""
        return next((guard for guard in self.guards if guard.app.realm == realm), None)


def sites(guards: Iterable[Guard]) -> dict[str, Site]:
    """The sites by origin. An origin that two different apps claim is neither's."""
    found: dict[str, list[Guard]] = {}
    for guard in guards:
        for origin in {o for uri in guard.app.redirect_uris if (o := _origin_of(uri))}:
            found.setdefault(origin, []).append(guard)
    return {
        origin: Site(origin, urlsplit(origin).hostname or "", tuple(guards))
        for origin, guards in found.items()
        if len({guard.app.client_id for guard in guards}) == 1
        and len({guard.app.realm for guard in guards}) == len(guards)
    }


def origin(scheme: str, host: str) -> str:
    """The origin that a proxy was asked at. Raises ``Malformed``."""
    name, colon, port = host.lower().partition(":")
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(name):
        raise Malformed("scheme or host")
    if colon and not (port.isascii() and port.isdigit() and str(int(port)) == port):
        raise Malformed("port")
    return f"{scheme}://{name}{colon}{port}".removesuffix(_DEFAULT_PORTS[scheme])


def path_of(raw: bytes) -> str:
    """The decoded path, if there is only one way to read it. Raises ``Malformed``."""
    if _PLAIN.fullmatch(raw):
        return raw.decode()
    if not _PATH.fullmatch(raw) or _SECOND_SPELLING.search(raw) or _NEEDLESS.search(raw):
        raise Malformed("the path has a second spelling")
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise Malformed("the path is not UTF-8") from None
    if _FORBIDDEN.search(path) or path.count("/") != raw.count(b"/"):
        raise Malformed("a control character or a separator that is encoded")
    if _more_than_it_seems(path):
        raise Malformed("a character that some programs take for another one")
    for segment in path[1:].split("/")[:-1]:
        if not segment:
            raise Malformed("an empty segment")
    for segment in path.split("/"):
        if segment != segment.strip() or segment in (".", "..") or segment.endswith("."):
            raise Malformed("a dot segment, or one that ends in a dot or space")
    return path


def method_of(raw: bytes) -> str:
    """The method in capitals. Raises ``Malformed``."""
    if not _METHOD.fullmatch(raw):
        raise Malformed("method")
    return raw.decode()


def _covers(pattern: str, path: str) -> bool:
    if not pattern.endswith("/*"):
        # Most apps serve the same page with and without a slash at the end.
        return path.removesuffix("/") == pattern.removesuffix("/")
    return path.startswith(pattern[:-1]) or path == pattern[:-2]


def _more_than_it_seems(path: str) -> bool:
    plain = unicodedata.normalize("NFKC", path)
    return any(plain.count(mark) != path.count(mark) for mark in "/.\\;%")


def _origin_of(uri: str) -> str:
    if not uri.endswith(CALLBACK):
        return ""
    parts = urlsplit(uri.removesuffix(CALLBACK))
    try:
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
        return "" if parts.path else origin(parts.scheme, host + port)
    except (Malformed, UnicodeError, ValueError):
        return ""
