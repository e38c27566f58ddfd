r"""Who holds a role and by which ways, now and after a change: worked out from links.

    person --directly--> role --composite--> app role
       \--member--> group (with everything above it) --mapping--> role

Nothing here changes anything, so a change can be judged before it is made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Role:
    """A role of an app; with an empty ``client_id`` a realm role."""

    client_id: str
    name: str

    def __str__(self) -> str:
        return f"{self.client_id}/{self.name}" if self.client_id else self.name


class Kind(Enum):
    """What may hold a role."""

    PERSON = "person"  # by the account's id
    GROUP = "group"  # by its path, for its members and those of every group below it
    ROLE = "role"  # by its text: a composite


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody or something that holds a role."""

    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class Link:
    """``holder`` holds ``role`` directly."""

    holder: Holder
    role: Role


@dataclass(frozen=True, slots=True)
class Change:
    """Links that would be there, and links that would not."""

    added: frozenset[Link] = frozenset()
    removed: frozenset[Link] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """An account that can sign in; machine accounts are none."""

    account: str
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would gain and who would lose."""

    gains: tuple[Person, ...] = ()
    losses: tuple[Person, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gains or self.losses)


class RoleLinks(Protocol):
    """The links of one realm as they are at Keycloak while one question is answered."""

    async def composites(self) -> Mapping[Role, frozenset[Role]]:
        """What every composite role carries, directly."""
        ...

    async def knows(self, role: Role) -> bool:
        """Whether there is such a role."""
        ...

    async def holders(self, role: Role) -> frozenset[Holder]:
        """People and groups that hold ``role`` directly; nobody where there is no such role."""
        ...

    async def members(self, group: str) -> frozenset[str]:
        """Accounts in the group or in any below it."""
        ...

    async def people(self, accounts: Iterable[str]) -> tuple[Person, ...]:
        """Those of ``accounts`` that can sign in, by name."""
        ...


NOTHING = Change()


class Effective:
    """Effective holders over ``links``."""

    def __init__(self, links: RoleLinks) -> None:
        self._links = links

    async def knows(self, role: Role) -> bool:
        """Whether there is such a role."""
        return await self._links.knows(role)

    async def accounts(self, role: Role, change: Change = NOTHING) -> frozenset[str]:
        """Every account that would hold ``role``, whatever the way."""
        found: set[str] = set()
        for reached in await self._above(role, change):
            for holder in await self._holders(reached, change):
                if holder.kind is Kind.PERSON:
                    found.add(holder.key)
                else:
                    found |= await self._links.members(holder.key)
        return frozenset(found)

    async def difference(self, role: Role, change: Change) -> Difference:
        """Who would gain and who would lose ``role``."""
        before, after = await self.accounts(role), await self.accounts(role, change)
        return Difference(
            await self._links.people(after - before), await self._links.people(before - after)
        )

    async def of_app(self, roles: Iterable[Role], change: Change) -> Difference:
        """Who would gain or lose the app that has ``roles``: somebody with any of them is in."""
        before: set[str] = set()
        after: set[str] = set()
        for role in roles:
            before |= await self.accounts(role)
            after |= await self.accounts(role, change)
        return Difference(
            await self._links.people(after - before), await self._links.people(before - after)
        )

    async def touched(self, change: Change) -> frozenset[Role]:
        """Every role whose holders ``change`` may change."""
        carries = _with(await self._links.composites(), change.added)
        return _closure((link.role for link in change.added | change.removed), carries)

    async def _above(self, role: Role, change: Change) -> frozenset[Role]:
        """``role`` and every composite that leads to it."""
        changed = _without(_with(await self._links.composites(), change.added), change.removed)
        return leading_to((role,), changed)

    async def _holders(self, role: Role, change: Change) -> frozenset[Holder]:
        held = set(await self._links.holders(role))
        held |= {link.holder for link in change.added if link.role == role}
        held -= {link.holder for link in change.removed if link.role == role}
        return frozenset(holder for holder in held if holder.kind is not Kind.ROLE)


def leading_to(
    roles: Iterable[Role], composites: Mapping[Role, frozenset[Role]]
) -> frozenset[Role]:
    """``roles`` and every composite that carries one of them, however deep."""
    return _closure(roles, carriers(composites))


def carriers(composites: Mapping[Role, frozenset[Role]]) -> dict[Role, frozenset[Role]]:
    """``composites`` turned round: by which roles each role is carried."""
    found: dict[Role, set[Role]] = {}
    for composite, carried in composites.items():
        for role in carried:
            found.setdefault(role, set()).add(composite)
    return {role: frozenset(above) for role, above in found.items()}


def parse_role(text: str) -> Role:
    """``grid-worker`` is a realm role, ``grid-service/handler`` one of an app."""
    client_id, slash, name = text.rpartition("/")
    return Role(client_id if slash else "", name)


def by_person(account: str) -> Holder:
    """The account itself."""
    return Holder(Kind.PERSON, account)


def by_group(path: str) -> Holder:
    """The members of a group."""
    return Holder(Kind.GROUP, path)


def by_role(role: Role) -> Holder:
    """Whoever holds a composite role."""
    return Holder(Kind.ROLE, str(role))


def _with(
    carries: Mapping[Role, frozenset[Role]], links: Iterable[Link]
) -> dict[Role, frozenset[Role]]:
    changed = dict(carries)
    for link in links:
        if link.holder.kind is Kind.ROLE:
            composite = parse_role(link.holder.key)
            changed[composite] = changed.get(composite, frozenset()) | {link.role}
    return changed


def _without(
    carries: Mapping[Role, frozenset[Role]], links: Iterable[Link]
) -> dict[Role, frozenset[Role]]:
    changed = dict(carries)
    for link in links:
        if link.holder.kind is Kind.ROLE:
            composite = parse_role(link.holder.key)
            changed[composite] = changed.get(composite, frozenset()) - {link.role}
    return changed


def _closure(start: Iterable[Role], leads_to: Mapping[Role, Iterable[Role]]) -> frozenset[Role]:
    found: set[Role] = set()
    waiting = list(start)
    while waiting:
        role = waiting.pop()
        if role not in found:
            found.add(role)
            waiting.extend(leads_to.get(role, ()))
    return frozenset(found)
