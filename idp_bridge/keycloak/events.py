"""What an event of Keycloak's means for sessions and for what has been read: one table.

A removal ends, an addition only makes stale, and an event that nobody foresaw makes the whole realm
stale. Keycloak's paths and operations are as tried in 26.7; representations may be switched off, so
nothing is decided by them that cannot be asked for again.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Consequence(Enum):
    """What follows from an event. ``target`` of the effect is the id named in brackets."""

    STALE_ACCOUNT = auto()  # (account) rights are read again
    STALE_REALM = auto()  # everything of the realm is read again
    SESSION_OVER = auto()  # (session) Keycloak has ended it
    ACCOUNT_OVER = auto()  # (account) Keycloak has ended all its sessions
    REALM_OVER = auto()  # Keycloak has ended all sessions and called nobody
    END_ACCOUNT = auto()  # (account) Keycloak has to end all its sessions
    END_GROUP = auto()  # (group) ... those of its members
    END_CLIENT = auto()  # (client) ... those that reached this client
    END_HOLDERS = auto()  # (role by name or id) ... those of its holders, at the apps concerned
    END_APPS = auto()  # ... every one that reached an app: who lost something is not known any more
    CHECK_ACCOUNT = auto()  # (account) stale, and ended if it is disabled
    CHECK_CLIENT = auto()  # (client) those inside are to leave it if it is disabled
    CLOSE_CLIENT = auto()  # (client) the same, and its twin elsewhere is closed already
    CHECK_REALM = auto()  # over if it is disabled or its not-before moved


C = Consequence


@dataclass(frozen=True, slots=True)
class Effect:
    """One consequence for one ``target``; ``removed``: whose client roles went away, ``*`` any."""

    what: Consequence
    target: str = ""
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Row:
    kinds: frozenset[str]
    operations: frozenset[str]
    path: re.Pattern[str]
    consequences: tuple[Consequence, ...]


def _row(kinds: str, operations: str, path: str, *consequences: Consequence) -> _Row:
    return _Row(
        frozenset(kinds.split()), frozenset(operations.split()), re.compile(path), consequences
    )


_ROLE_MAPPINGS = "REALM_ROLE_MAPPING CLIENT_ROLE_MAPPING"
_ID = r"(?P<id>[^/]+)"

# The first row that fits decides.
_ADMIN = (
    _row(_ROLE_MAPPINGS, "CREATE", rf"users/{_ID}/role-mappings/.+", C.STALE_ACCOUNT),
    _row(_ROLE_MAPPINGS, "DELETE", rf"users/{_ID}/role-mappings/.+", C.END_ACCOUNT),
    _row(_ROLE_MAPPINGS, "DELETE", rf"groups/{_ID}/role-mappings/.+", C.STALE_REALM, C.END_GROUP),
    _row("GROUP_MEMBERSHIP", "CREATE", rf"users/{_ID}/groups/.+", C.STALE_ACCOUNT),
    _row("GROUP_MEMBERSHIP", "DELETE", rf"users/{_ID}/groups/.+", C.END_ACCOUNT),
    _row("GROUP", "DELETE", r"groups/.+", C.STALE_REALM, C.END_APPS),
    # Moved or renamed: its posts are others now.
    _row("GROUP", "UPDATE", r"groups(/[^/]+/children)?", C.STALE_REALM, C.END_GROUP),
    _row("GROUP", "UPDATE", rf"groups/{_ID}", C.STALE_REALM, C.END_GROUP),
    _row(
        "REALM_ROLE CLIENT_ROLE",
        "DELETE",
        r"(roles|roles-by-id|clients/[^/]+/roles)/(?P<id>.+)/composites",
        C.STALE_REALM,
        C.END_HOLDERS,
    ),
    _row("CLIENT_ROLE", "DELETE", rf"clients/{_ID}/roles/.+", C.STALE_REALM, C.END_CLIENT),
    _row("REALM_ROLE CLIENT_ROLE", "DELETE", r"roles(-by-id)?/.+", C.STALE_REALM, C.END_APPS),
    _row("USER", "UPDATE", rf"users/{_ID}", C.CHECK_ACCOUNT),
    _row("USER", "DELETE", rf"users/{_ID}", C.END_ACCOUNT),
    _row("USER", "DELETE", rf"users/{_ID}/federated-identity/.+", C.END_ACCOUNT),
    _row("USER", "ACTION", rf"users/{_ID}/logout", C.ACCOUNT_OVER),
    _row("USER", "ACTION", rf"users/{_ID}/reset-password", C.END_ACCOUNT),
    _row("USER", "ACTION DELETE", rf"users/{_ID}/credentials/[^/]+", C.END_ACCOUNT),
    _row("USER", "ACTION UPDATE", rf"users/{_ID}/disable-credential-types", C.END_ACCOUNT),
    _row("USER", "CREATE UPDATE ACTION", rf"users/{_ID}(/.+)?", C.STALE_ACCOUNT),
    _row("USER_SESSION", "DELETE", rf"sessions/{_ID}", C.SESSION_OVER),
    _row("USER_LOGIN_FAILURE", "DELETE", r"attack-detection/.+"),
    _row("CLIENT", "UPDATE", rf"clients/{_ID}", C.STALE_REALM, C.CHECK_CLIENT),
    _row("REALM", "ACTION", r"logout-all", C.REALM_OVER),
    _row("REALM", "UPDATE", r"|events/config", C.STALE_REALM, C.CHECK_REALM),
)

# What people do themselves. A temporary lockout ends nothing: anybody can cause one.
_USER: dict[str, Consequence] = {
    "LOGOUT": C.SESSION_OVER,
    "DELETE_ACCOUNT": C.END_ACCOUNT,
    "USER_DISABLED_BY_PERMANENT_LOCKOUT": C.END_ACCOUNT,
    "UPDATE_PASSWORD": C.STALE_ACCOUNT,
    "UPDATE_CREDENTIAL": C.STALE_ACCOUNT,
    "REMOVE_CREDENTIAL": C.STALE_ACCOUNT,
    "RESET_PASSWORD": C.STALE_ACCOUNT,
    "UPDATE_PROFILE": C.STALE_ACCOUNT,
    "REMOVE_FEDERATED_IDENTITY": C.STALE_ACCOUNT,
    "REVOKE_GRANT": C.STALE_ACCOUNT,
}
USER_EVENTS = tuple(_USER)


def of_admin(event: Mapping[str, Any]) -> tuple[Effect, ...]:
    """What an administrator's act leads to."""
    path = event.get("resourcePath") or ""
    for row in _ADMIN:
        fits = event.get("resourceType") in row.kinds and (
            event.get("operationType") in row.operations
        )
        if fits and (match := row.path.fullmatch(path)):
            found = match.groupdict().get("id") or ""
            return tuple(_effect(what, found, event) for what in row.consequences)
    return (Effect(C.STALE_REALM),)


def of_user(event: Mapping[str, Any]) -> tuple[Effect, ...]:
    """What a person's own act leads to."""
    what = _USER.get(event.get("type") or "")
    if what is None:
        return ()
    target = event.get("sessionId") if what is C.SESSION_OVER else event.get("userId")
    return (Effect(what, target),) if target else ()


def _effect(what: Consequence, found: str, event: Mapping[str, Any]) -> Effect:
    if what is C.END_HOLDERS:
        return Effect(what, _role(found, event), _losers(event))
    if what is C.END_GROUP and not found:
        # A moved group: the path names its new parent, the representation the group.
        moved = _representation(event)
        said = moved.get("id") if isinstance(moved, dict) else None
        return Effect(what, said) if said else Effect(C.END_APPS)
    return Effect(what, found) if what is not C.STALE_REALM else Effect(what)


def _role(found: str, event: Mapping[str, Any]) -> str:
    """The composite role; empty for one of a client, whose holders are not asked for."""
    path = event.get("resourcePath") or ""
    if path.startswith("roles-by-id/"):
        return f"id:{found}"
    return f"name:{found}" if path.startswith("roles/") else ""


def _losers(event: Mapping[str, Any]) -> frozenset[str]:
    """The clients whose roles were taken out of a composite."""
    removed = _representation(event)
    if not isinstance(removed, list) or not removed:
        return frozenset({"*"})
    return frozenset(
        role.get("containerId") or "*" if role.get("clientRole") else "*" for role in removed
    )


def _representation(event: Mapping[str, Any]) -> Any:
    try:
        return json.loads(event.get("representation") or "null")
    except ValueError:
        return None
