"""Random identifiers and their stored form."""

import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits, base64url without padding (43 characters)."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """What is stored in the place of a token: its SHA-256 in hex."""
    return hashlib.sha256(value.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
