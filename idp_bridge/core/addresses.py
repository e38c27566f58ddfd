"""The one validator of addresses that a browser or a ticket is sent to: redirect and service URLs.

An address is compared as text with the registered ones, after it was found plain: every browser,
proxy and library takes a plain URL apart in the same way, and it carries no parameter which an
answer of ours would add (parameter pollution). A registered address is exact, or ends in ``/*`` and
then stands for that path and everything below it, on the boundary of a segment.
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

OAUTH_ANSWER = frozenset(
    {"code", "state", "iss", "error", "error_description", "error_uri", "session_state"}
    | {"id_token", "access_token", "token_type", "expires_in", "response", "SAMLResponse"}
)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
# Neither userinfo nor percent-encoding fits the host's pattern.
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_IPV6 = re.compile(r"\[[0-9a-f:]+\]")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_SUSPECT = re.compile(r"[\s\x00-\x20\x7f-\x9f\\]")


def registered(address: str, known: Iterable[str]) -> bool:
    """Whether a plain ``address`` is one of ``known``, or below one that ends in ``/*``."""
    return any(_covers(pattern, address) for pattern in known)


def _covers(pattern: str, address: str) -> bool:
    if not pattern.endswith("/*"):
        return address == pattern
    below = pattern.removesuffix("*")
    path = address.partition("?")[0]
    # The origin itself is registered by writing a path: "https://host/*" covers "https://host/".
    return path.startswith(below) or path == below.removesuffix("/")


def flaw(address: str, *, reserved: frozenset[str], plain_http: bool = False) -> str:
    """What is wrong with an address; empty when it is plain.

    ``reserved`` are the parameters that an answer would add; ``plain_http`` allows ``http`` beyond
    this machine, for apps that an administrator registered so.
    """
    if not address.isascii() or _SUSPECT.search(address) or _SUSPECT.search(_decoded(address)):
        return "white space, control character, backslash or beyond ASCII"
    if re.search(r"%(?![0-9A-Fa-f]{2})", address):
        return "broken percent-encoding"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "not a URI"
    if "#" in address:
        return "fragment"
    if urlunsplit(parts) != address:
        return "does not re-serialise to itself"
    return (
        _authority_flaw(parts.scheme, parts.netloc, plain_http)
        or _path_flaw(parts.path)
        or _query_flaw(parts.query, reserved)
    )


def _decoded(address: str) -> str:
    once = unquote(address)
    return once + unquote(once)


def _authority_flaw(scheme: str, netloc: str, plain_http: bool) -> str:
    host, colon, port = netloc.rpartition(":") if re.search(r":\d*$", netloc) else (netloc, "", "")
    if colon and not (_PORT.fullmatch(port) and int(port) < 65536):
        return "port"
    if not (_HOST.fullmatch(host) or _IPV6.fullmatch(host)):
        return "host"
    if scheme != "https" and not (scheme == "http" and (plain_http or host in _LOOPBACK)):
        return "scheme: https, or http to this machine"
    return ""


def _path_flaw(path: str) -> str:
    decoded = unquote(path)
    if path and not path.startswith("/"):
        return "path"
    if "//" in decoded or ";" in decoded or re.search(r"%2f", path, re.IGNORECASE):
        return "empty segment, matrix parameter or encoded slash in the path"
    if any(segment in (".", "..") for segment in decoded.split("/")):
        return "dot segment"
    return ""


def _query_flaw(query: str, reserved: frozenset[str]) -> str:
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    if len(names) != len(set(names)):
        return "duplicate parameter"
    if reserved.intersection(names):
        return "carries a parameter of the answer"
    return ""
