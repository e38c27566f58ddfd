"""Redirect targets of OP clients: registered to the letter, and plain."""

from collections.abc import Iterable

from idp_bridge.core import addresses
from idp_bridge.oidc.errors import RedirectRefused


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
    return addresses.flaw(target, reserved=addresses.OAUTH_ANSWER)
