"""The one validator of addresses that a browser or a ticket is sent to: redirect and service URLs.

An address is compared as text with the registered ones, after it was found plain: every browser,
proxy and library takes a plain URL apart in the same way, and it carries no parameter which an
answer of ours would add (parameter pollution). A registered address is exact, or ends in ``/*`` and
then stands for that path and everything below it, on the boundary of a segment.

What the path may hold is narrow, for proxies decode it once more; the query is the app's own affair
as long as nothing in it ends a line or a string.
"""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import unquote_plus, unquote_to_bytes, urlsplit, urlunsplit

LONGEST = 4096
OAUTH_ANSWER = frozenset(
    {"code", "state", "iss", "error", "error_description", "error_uri", "session_state"}
    | {"id_token", "access_token", "token_type", "expires_in", "response", "SAMLResponse"}
)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# What browsers take for an IPv4 address, whatever stands before it.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_IPV6 = re.compile(r"\[([0-9a-f:]+)\]")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
# RFC 3986, 2; square brackets only in the host, and in queries, where old frameworks write lists.
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@/%-]*")
_QUERY = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@/%?;\[\]-]*")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Slash, backslash, question mark, number sign and semicolon.
_NOT_IN_PATH = re.compile(r"%(?:2f|5c|3f|23|3b)", re.IGNORECASE)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f\\]")


def registered(address: str, known: Iterable[str]) -> bool:
    """Whether a plain ``address`` is one of ``known``, or below one that ends in ``/*``."""
    return any(_covers(pattern, address) for pattern in known)


def closeness(address: str, known: Iterable[str]) -> int:
    """How closely ``known`` names a plain ``address``: 0 for not at all, the most for an exact one,
    in between the more the longer the path is that it lies below."""
    return max(
        (2 * LONGEST if one == address else len(one) for one in known if _covers(one, address)),
        default=0,
    )


def _covers(pattern: str, address: str) -> bool:
    if not pattern.endswith("/*"):
        return address == pattern
    below = pattern.removesuffix("*")
    path = address.partition("?")[0]
    # "https://host/*" covers "https://host", which browsers read as "https://host/".
    if not path.startswith(below) and path != below.removesuffix("/"):
        return False
    # Nothing is below what is no address itself ("https://*"), nor below a query.
    nobody: frozenset[str] = frozenset()
    sound = all(not flaw(url, reserved=nobody, plain_http=True) for url in (below, address))
    return sound and "?" not in below


def flaw(address: str, *, reserved: frozenset[str], plain_http: bool = False) -> str:
    """What is wrong with an address; empty when it is plain.

    ``reserved`` are the parameters that an answer would add; ``plain_http`` allows ``http`` beyond
    this machine, for apps that an administrator registered so.
    """
    if not address.isascii() or len(address) > LONGEST:
        return "beyond ASCII, or too long"
    if "#" in address:
        return "fragment"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "not a URI"
    if urlunsplit(parts) != address:
        return "does not re-serialise to itself"
    return (
        _authority_flaw(parts.scheme, parts.netloc, plain_http)
        or _path_flaw(parts.path)
        or _query_flaw(parts.query, reserved)
    )


def _authority_flaw(scheme: str, netloc: str, plain_http: bool) -> str:
    host, colon, port = netloc.rpartition(":") if re.search(r":\d*$", netloc) else (netloc, "", "")
    if colon and not (_PORT.fullmatch(port) and int(port) < 65536):
        return "port"
    # Neither userinfo nor percent-encoding fits a host.
    if not (_is_name(host) or _is_ipv6(host)):
        return "host"
    if scheme != "https" and not (scheme == "http" and (plain_http or host in _LOOPBACK)):
        return "scheme: https, or http to this machine"
    return ""


def _is_name(host: str) -> bool:
    """A name, or an IPv4 address as everybody writes it."""
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        return False
    if not _NUMBER.fullmatch(labels[-1]):
        return all(map(_is_sound_punycode, labels))
    try:
        return str(IPv4Address(host)) == host
    except AddressValueError:
        return False


def _is_sound_punycode(label: str) -> bool:
    """Whether the label stands for what it says: resolvers disagree about all others."""
    if not label.startswith("xn--"):
        return True
    try:
        decoded = label.removeprefix("xn--").encode().decode("punycode")
        sound = decoded.isprintable() and not decoded.isascii()
        return sound and decoded.encode("punycode").decode() == label.removeprefix("xn--")
    except UnicodeError:
        return False


def _is_ipv6(host: str) -> bool:
    found = _IPV6.fullmatch(host)
    try:
        return found is not None and str(IPv6Address(found[1])) == found[1]
    except AddressValueError:
        return False


def _path_flaw(path: str) -> str:
    if not _PATH.fullmatch(path) or _BROKEN_ESCAPE.search(path) or _NOT_IN_PATH.search(path):
        return "a character or an escape in the path that is not read alike everywhere"
    if path and not path.startswith("/"):
        return "path"
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return "the path is not UTF-8"
    if "//" in decoded or any(segment in (".", "..") for segment in decoded.split("/")):
        return "empty or dot segment"
    if _ESCAPE.search(decoded):
        return "an escape within an escape"
    if not decoded.isprintable() or any(character.isspace() for character in decoded):
        return "white space or control character in the path"
    return ""


def _query_flaw(query: str, reserved: frozenset[str]) -> str:
    if not _QUERY.fullmatch(query) or _BROKEN_ESCAPE.search(query):
        return "a character or an escape in the query that is not read alike everywhere"
    once = unquote_to_bytes(query)
    if _CONTROL.search(once) or _CONTROL.search(unquote_to_bytes(once)):
        return "control character or backslash in the query"
    taken = {name.lower() for name in reserved}
    # Some take `;` for a separator, names without regard to case, `x[]` and `x.y` for x.
    if any(_name(pair) in taken for pair in re.split("[&;]", query)):
        return "carries a parameter of the answer"
    return ""


def _name(pair: str) -> str:
    name = unquote_plus(unquote_plus(pair.partition("=")[0]))
    return re.split(r"[\[.]", name.strip(), maxsplit=1)[0].lower()
