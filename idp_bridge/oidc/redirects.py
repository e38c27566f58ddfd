"""The one validator of redirect targets: exact match, nothing that parsers read differently.

A target is compared as text with the registered ones. Before that it has to be plain: a URI that
every browser, proxy and library takes apart in the same way, and that carries no parameter which
an answer of ours would add (parameter pollution).
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from idp_bridge.oidc.errors import RedirectRefused

OURS = {"code", "state", "iss", "error", "error_description", "error_uri", "session_state"}
OURS |= {"id_token", "access_token", "token_type", "expires_in", "response", "SAMLResponse"}
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
# Neither userinfo nor percent-encoding fits the host's pattern.
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_IPV6 = re.compile(r"\[[0-9a-f:]+\]")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_SUSPECT = re.compile(r"[\s\x00-\x20\x7f-\x9f\\]")


def match(target: str, registered: Iterable[str]) -> str:
    """``target`` when it is plain and registered to the letter. Raises ``RedirectRefused``."""
    reason = flaw(target)
    if reason:
        raise RedirectRefused(f"redirect target: {reason}")
    if target not in tuple(registered):
        raise RedirectRefused("redirect target: not registered")
    return target


def flaw(target: str) -> str:
    """What is wrong with a redirect target; empty when it is plain."""
    if not target.isascii() or _SUSPECT.search(target) or _SUSPECT.search(_decoded(target)):
        return "white space, control character, backslash or beyond ASCII"
    if re.search(r"%(?![0-9A-Fa-f]{2})", target):
        return "broken percent-encoding"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "not a URI"
    if "#" in target:
        return "fragment"
    if urlunsplit(parts) != target:
        return "does not re-serialise to itself"
    return (
        _authority_flaw(parts.scheme, parts.netloc)
        or _path_flaw(parts.path)
        or _query_flaw(parts.query)
    )


def _decoded(target: str) -> str:
    once = unquote(target)
    return once + unquote(once)


def _authority_flaw(scheme: str, netloc: str) -> str:
    host, colon, port = netloc.rpartition(":") if re.search(r":\d*$", netloc) else (netloc, "", "")
    if colon and not (_PORT.fullmatch(port) and int(port) < 65536):
        return "port"
    if not (_HOST.fullmatch(host) or _IPV6.fullmatch(host)):
        return "host"
    if scheme != "https" and not (scheme == "http" and host in _LOOPBACK):
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


def _query_flaw(query: str) -> str:
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    if len(names) != len(set(names)):
        return "duplicate parameter"
    if OURS.intersection(names):
        return "carries a parameter of the answer"
    return ""
