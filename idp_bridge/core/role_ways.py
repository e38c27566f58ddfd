"""The ways by which one person comes to a role: every chain of links, written out.

person --member--> group --above--> group --mapping--> role --composite--> ... --> app role
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice

from idp_bridge.core.role_links import Role, carriers

# A tangle of composites has more ways than anybody reads.
WAYS_SHOWN = 20
_LOOKED_AT = 1000


class Joint(Enum):
    """What one step of a way is."""

    MEMBER = "member"  # the person is in a group
    PERSON_ROLE = "person_role"  # the person holds a role directly
    GROUP_ROLE = "group_role"  # a group gives a role to its members and to those below
    COMPOSITE = "composite"  # a role carries another


@dataclass(frozen=True, slots=True)
class Step:
    """``holder`` and ``held`` as people know them: a user name, a group's path, a role."""

    joint: Joint
    holder: str
    held: str


Way = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one person holds directly, and what their groups and roles carry on."""

    person: str
    direct: frozenset[Role] = frozenset()
    groups: frozenset[str] = frozenset()
    group_roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    composites: Mapping[Role, frozenset[Role]] = field(default_factory=dict)


def ways_to(role: Role, holdings: Holdings) -> tuple[Way, ...]:
    """Every way, the shortest first; none when the person does not hold ``role``."""
    above = islice(_upward(role, carriers(holdings.composites)), _LOOKED_AT)
    found = ((*first, *rest) for top, rest in above for first in _beginnings(top, holdings))
    return tuple(islice(found, WAYS_SHOWN))


def with_those_above(path: str) -> tuple[str, ...]:
    """The group at ``path`` and every group above it, the nearest first."""
    segments = path.strip("/").split("/")
    return tuple("/" + "/".join(segments[:n]) for n in range(len(segments), 0, -1))


def _upward(role: Role, carried_by: Mapping[Role, frozenset[Role]]) -> Iterator[tuple[Role, Way]]:
    waiting: deque[tuple[Role, Way, frozenset[Role]]] = deque([(role, (), frozenset({role}))])
    while waiting:
        top, way, seen = waiting.popleft()
        yield top, way
        for above in sorted(carried_by.get(top, ())):
            if above not in seen:
                step = Step(Joint.COMPOSITE, str(above), str(top))
                waiting.append((above, (step, *way), seen | {above}))


def _beginnings(role: Role, holdings: Holdings) -> Iterator[Way]:
    if role in holdings.direct:
        yield (Step(Joint.PERSON_ROLE, holdings.person, str(role)),)
    for own in sorted(holdings.groups):
        for group in with_those_above(own):
            if role in holdings.group_roles.get(group, ()):
                yield (
                    Step(Joint.MEMBER, holdings.person, own),
                    Step(Joint.GROUP_ROLE, group, str(role)),
                )
