"""Secrets and passwords of one data folder: made once, kept in files of the owner only."""

import base64
import secrets
from collections.abc import Iterable
from typing import Any

from idp_bridge.core.secret import new_token
from idp_bridge.local.folder import Folder

ADMIN = "admin"
# Roles whose holders sign in with a second factor.
SECOND_FACTOR = {"bridge-admin"}

_FIRST = ("amber", "brave", "calm", "coral", "early", "fresh", "gentle", "golden", "happy")
_SECOND = ("bamboo", "bridge", "brook", "cedar", "crane", "garden", "harbor", "heron", "kite")
_THIRD = ("river", "orchard", "panda", "peony", "pine", "sparrow", "spring", "stone", "summit")


def easy_password() -> str:
    """Easy to type, and long enough for a stack of one's own: `kite-river-42` and the like."""
    words = (secrets.choice(part) for part in (_FIRST, _SECOND, _THIRD))
    return "-".join((*words, str(10 + secrets.randbelow(90))))


def totp_secret() -> str:
    """160 bits in base32, as authenticator apps take it (RFC 4226, 4)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def kept_secrets(folder: Folder, names: Iterable[str]) -> dict[str, str]:
    """The secrets of these names; those that do not exist yet are made."""
    kept: dict[str, str] = folder.read("secrets.json") or {}
    fresh = {name: _fresh(name) for name in names if name not in kept}
    if fresh:
        kept |= fresh
        folder.write("secrets.json", kept)
    return kept


def _fresh(name: str) -> str:
    """The administrator's is typed by people; programs use all others."""
    return easy_password() if name == ADMIN else new_token()


def kept_credentials(folder: Folder, people: Iterable[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Every demo person's password, and a secret for one-time passwords where policy wants one."""
    kept: dict[str, dict[str, str]] = folder.read("people.json") or {}
    for person in people:
        name = person["username"]
        if name not in kept:
            second = {"totp": totp_secret()} if SECOND_FACTOR & set(person.get("roles", ())) else {}
            kept[name] = {"password": easy_password()} | second
    folder.write("people.json", kept)
    return kept
