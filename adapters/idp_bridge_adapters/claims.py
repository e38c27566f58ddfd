"""Claims of the bridge's own tokens, each of the type that it has to be."""

from collections.abc import Mapping
from typing import Any

from idp_bridge_adapters.tokens import TokenRefused


def text(claims: Mapping[str, Any], name: str) -> str:
    """Raises ``TokenRefused`` for a claim that is missing or no text."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise TokenRefused(f"{name} is missing")
    return value


def texts(claims: Mapping[str, Any], name: str) -> list[str]:
    """Nothing if it is missing. Raises ``TokenRefused`` for anything but a list of texts."""
    value = claims.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TokenRefused(f"{name} is not a list of texts")
    return value
