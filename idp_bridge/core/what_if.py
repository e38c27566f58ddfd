"""What would change if a role or a mapping did: who gains and who loses which app."""

from collections.abc import Callable
from dataclasses import dataclass

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.apps import App, Apps
from idp_bridge.core.errors import InvalidRequest, NotFound
from idp_bridge.core.role_links import (
    Change,
    Difference,
    Effective,
    Link,
    Role,
    by_person,
    by_role,
    parse_role,
)

ACTS = ("give", "take", "map", "unmap")


@dataclass(frozen=True, slots=True)
class Question:
    """``act`` is one of ``ACTS``; ``to`` is a person's user name, or a role that would carry ours.

    ``give`` and ``take`` are about a person, ``map`` and ``unmap`` about a realm role.
    """

    act: str
    role: str
    to: str


@dataclass(frozen=True, slots=True)
class RoleChange:
    """Who would gain or lose one role of an app."""

    role: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class AppChange:
    """``whole``: who would come to the app anew, and who could not enter it any more."""

    app: App
    whole: Difference
    roles: tuple[RoleChange, ...]


class WhatIf:
    """Answers for one realm at a time; changes nothing. ``effective`` makes one for a question."""

    def __init__(
        self, apps: Apps, accounts: Accounts, effective: Callable[[str], Effective]
    ) -> None:
        self._apps = apps
        self._accounts = accounts
        self._effective = effective

    async def ask(self, realm: str, question: Question) -> tuple[AppChange, ...]:
        """The apps that somebody would gain or lose a role in. Raises ``NotFound``."""
        effective = self._effective(realm)
        link = await self._link(realm, question, effective)
        added = question.act in ("give", "map")
        one = frozenset({link})
        change = Change(added=one) if added else Change(removed=one)
        touched = await effective.touched(change)
        found = []
        for app in await self._apps.of(realm):
            roles = sorted(role for role in touched if role.client_id == app.client_id)
            if roles and (what := await _of_app(effective, app, roles, change)):
                found.append(what)
        return tuple(found)

    async def _link(self, realm: str, question: Question, effective: Effective) -> Link:
        role = await _known(realm, question.role, effective)
        if question.act in ("give", "take"):
            account = await self._accounts.find_by_username(realm, question.to)
            if account is None:
                raise NotFound(f"nobody is called {question.to!r} in {realm}")
            return Link(by_person(account.subject), role)
        if question.act in ("map", "unmap"):
            return Link(by_role(await _known(realm, question.to, effective)), role)
        raise InvalidRequest(f"{question.act!r} is none of {', '.join(ACTS)}")


async def _known(realm: str, text: str, effective: Effective) -> Role:
    role = parse_role(text.strip())
    if not await effective.knows(role):
        raise NotFound(f"{realm} has no role {text!r}")
    return role


async def _of_app(
    effective: Effective, app: App, roles: list[Role], change: Change
) -> AppChange | None:
    changes = [RoleChange(role.name, await effective.difference(role, change)) for role in roles]
    changes = [one for one in changes if one.difference]
    if not changes:
        return None
    every = [Role(app.client_id, name) for name in sorted(app.roles)]
    return AppChange(app, await effective.of_app(every, change), tuple(changes))
