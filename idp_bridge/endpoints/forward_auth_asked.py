"""What a proxy asks about, in the words of each proxy; only the headers of its dialect are read.

    nginx, haproxy    X-Original-URL, X-Original-Method
    traefik, caddy    X-Forwarded-Method, -Proto, -Host, -Uri
    envoy             the request itself behind a prefix of the path; Host, X-Forwarded-Proto

A header that comes twice is refused: of two the proxy and we might believe different ones.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from idp_bridge.core.forward_auth import Malformed

PREFIX = b"/forward-auth/"
_OURS = b"__Host-idpb-"

Headers = Iterable[tuple[bytes, bytes]]


class Asked(NamedTuple):
    """``target`` is scheme, host and path as they came, ``query`` with its question mark."""

    method: bytes
    target: bytes
    query: bytes
    cookie: bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """A proxy's way. ``follows``: it hands our redirects and pages on to the browser as they are.

    ``strips``: it cannot take our cookies out by itself, so that the answer has to say what is left
    of them. ``removes`` names the header that takes out a header altogether.
    """

    name: str
    read: Callable[[bytes, bytes, Headers], Asked]
    follows: bool
    strips: bool = False
    removes: bytes = b""


def _reader(*names: bytes) -> Callable[[Headers], list[bytes | None]]:
    """Reads headers that come once at most; the last one is always the cookies."""
    places = {name: place for place, name in enumerate((*names, b"cookie"))}

    def read(headers: Headers) -> list[bytes | None]:
        found: list[bytes | None] = [None] * len(places)
        for name, value in headers:
            place = places.get(name)
            if place is not None:
                if found[place] is not None:
                    raise Malformed("a header came twice")
                found[place] = value
        return found

    return read


_original = _reader(b"x-original-url", b"x-original-method")
_forwarded = _reader(
    b"x-forwarded-method", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-uri"
)
_direct = _reader(b"host", b"x-forwarded-proto")


def _by_original(_method: bytes, _url: bytes, headers: Headers) -> Asked:
    url, method, cookie = _original(headers)
    if not url or not method:
        raise Malformed("the proxy does not say what is asked for")
    target, mark, query = url.partition(b"?")
    return Asked(method, target, mark + query, cookie or b"")


def _by_forwarded(_method: bytes, _url: bytes, headers: Headers) -> Asked:
    method, scheme, host, uri, cookie = _forwarded(headers)
    if not method or not scheme or not host or not uri:
        raise Malformed("the proxy does not say what is asked for")
    path, mark, query = uri.partition(b"?")
    return Asked(method, scheme + b"://" + host + path, mark + query, cookie or b"")


def _by_itself(method: bytes, url: bytes, headers: Headers) -> Asked:
    host, scheme, cookie = _direct(headers)
    if not host or not scheme:
        raise Malformed("the proxy does not say what is asked for")
    path, mark, query = url.removeprefix(PREFIX + b"envoy").partition(b"?")
    return Asked(method, scheme + b"://" + host + path, mark + query, cookie or b"")


DIALECTS: Mapping[bytes, Dialect] = {
    b"nginx": Dialect("nginx", _by_original, follows=False),
    b"haproxy": Dialect("haproxy", _by_original, follows=False),
    b"traefik": Dialect("traefik", _by_forwarded, follows=True, strips=True),
    b"caddy": Dialect("caddy", _by_forwarded, follows=True),
    b"envoy": Dialect(
        "envoy", _by_itself, follows=True, strips=True, removes=b"x-envoy-auth-headers-to-remove"
    ),
}


def dialect_of(url: bytes) -> Dialect | None:
    """The dialect that a request speaks by its address. Only Envoy adds to the address."""
    if not url.startswith(PREFIX):
        return None
    name = url[len(PREFIX) :]
    if name.startswith(b"envoy/"):
        return DIALECTS[b"envoy"]
    # Some proxies leave the browser's query there; nothing of it is read.
    known = DIALECTS.get(name.partition(b"?")[0])
    return known if known is not None and known.name != "envoy" else None


def cookie_in(header: bytes, name: bytes) -> bytes:
    """The value of one cookie, empty if there is none. Raises ``Malformed`` for one that is there
    twice."""
    found = b""
    for pair in header.split(b";"):
        key, _, value = pair.strip().partition(b"=")
        if key == name:
            if found:
                raise Malformed("a cookie came twice")
            found = value
    return found


def cookies_for_app(header: bytes) -> bytes:
    """The cookies without those that the bridge keeps in the browser."""
    pairs = (pair.strip() for pair in header.split(b";"))
    return b"; ".join(pair for pair in pairs if pair and not pair.startswith(_OURS))


def left(dialect: Dialect, cookie: bytes) -> list[tuple[bytes, bytes]]:
    """What is left of the cookies, where the proxy has to be told."""
    if not dialect.strips:
        return []
    if left := cookies_for_app(cookie):
        return [(b"cookie", left)]
    return [(dialect.removes, b"cookie")] if dialect.removes else []
