"""Port to the names of the org tree, for people to read; whoever decides compares paths."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


class OrgNames(Protocol):
    """What units of a realm are called: by full path, then by language (``zh``, ``en``).

    A unit that has no name or is not there is left out.
    """

    async def of(self, realm: str, paths: Iterable[str]) -> Mapping[str, Mapping[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Post:
    """A role held in one unit: a leaf group named after the role, under the unit's group."""

    role: str
    org: str


def posts_in(groups: object) -> tuple[Post, ...]:
    """The posts among a token's full group paths; what is no path under a unit is none."""
    found = []
    for path in groups if isinstance(groups, list) else ():
        org, _, role = str(path).rpartition("/")
        if org.startswith("/") and role:
            found.append(Post(role, org))
    return tuple(found)


def way_to(org: str) -> tuple[str, ...]:
    """The paths of a unit and of the units above it, outermost first."""
    parts = org.strip("/").split("/")
    return tuple("/" + "/".join(parts[: depth + 1]) for depth in range(len(parts)))


def called(names: Mapping[str, Mapping[str, str]], org: str, language: str) -> tuple[str, ...]:
    """The names of a unit and the units above it, outermost first; a path part where unnamed."""
    unnamed: Mapping[str, str] = {}
    return tuple(
        names.get(path, unnamed).get(language) or path.rpartition("/")[2] for path in way_to(org)
    )
