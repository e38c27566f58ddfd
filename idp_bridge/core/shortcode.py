"""Codes that people type: ten characters of Crockford's base 32, 50 bits, shown as two groups."""

import secrets

from idp_bridge.core.errors import InvalidGrant

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
_ALIKE = str.maketrans("OIL", "011")


def new_code() -> str:
    """A random code such as ``7KQ2M-X9T4B``."""
    return code_from(secrets.token_bytes(LENGTH))


def code_from(random: bytes) -> str:
    """The code made of ten or more random bytes."""
    text = "".join(ALPHABET[byte % len(ALPHABET)] for byte in random[:LENGTH])
    return f"{text[:5]}-{text[5:]}"


def normal(code: str) -> str:
    """One spelling for all of a code's spellings. Raises ``InvalidGrant`` when it is no code."""
    text = "".join(code.split()).replace("-", "").upper().translate(_ALIKE)
    if len(text) != LENGTH or any(letter not in ALPHABET for letter in text):
        raise InvalidGrant("not a code")
    return text
