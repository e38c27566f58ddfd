"""Names of our cookies: cookies ignore ports, so the name tells one stack's origins apart."""

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}


def cookie_name(kind: str, origin: str) -> str:
    """``__Host-<kind>-<port>``: Secure, no Domain, Path=/ are then enforced by the browser."""
    parts = urlsplit(origin)
    return f"__Host-{kind}-{parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)}"


def browser_cookie(issuer: str) -> str:
    """Holds the 256-bit secret that interactions and QR flows are bound to (B1)."""
    return cookie_name("qrl", issuer)


def op_session_cookie(issuer: str, realm: str) -> str:
    """Holds the OP session. One for each realm: a browser with both is never merged."""
    return cookie_name(f"op-{realm}", issuer)
