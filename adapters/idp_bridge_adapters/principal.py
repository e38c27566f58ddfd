"""What one app may know of the person in front of it.

A post is a leaf group under its org unit: ``/district/street/grid-12/grid-worker`` is the pair
(role ``grid-worker``, org ``/district/street/grid-12``). Roles and orgs are never combined across
posts: a grid worker in A who is a counsellor in B is not a grid worker in B.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from idp_bridge_adapters.roles import Post, posts_giving

__all__ = ["ACR_LEVELS", "Machine", "Post", "Principal", "acr_reaches", "posts_of"]

ACR_LEVELS = ("activation", "qr", "password", "mfa", "passkey")
"""How sure the sign-in was, weakest first, as the bridge and Keycloak name it."""


def acr_reaches(acr: str, minimum: str) -> bool:
    """Whether ``acr`` proves at least ``minimum``; a level nobody knows proves nothing."""
    return acr in ACR_LEVELS and ACR_LEVELS.index(acr) >= ACR_LEVELS.index(minimum)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is there. The key of a person is ``(issuer, subject)``; ``subject`` alone is not one.

    ``roles`` are those in this app only. ``sid`` names the session at the issuer; a back-channel
    logout token names it too.
    """

    issuer: str
    subject: str
    realm: str
    name: str
    roles: frozenset[str]
    posts: frozenset[Post]
    acr: str
    sid: str
    auth_time: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The only identifier that is unique: ``(issuer, subject)``."""
        return self.issuer, self.subject

    def holds(self, role: str, *, org: str) -> bool:
        """Whether one and the same post gives ``role`` over ``org``."""
        return any(post.role == role and post.covers(org) for post in self.posts)

    def may(self, role: str, *, org: str | None = None) -> bool:
        """Whether ``role`` is held in this app; with ``org``, by a post that reaches it."""
        if role not in self.roles:
            return False
        return org is None or any(Post(str(role), unit).covers(org) for unit in self.reach(role))

    def reach(self, role: str) -> frozenset[str]:
        """The org units where the person has ``role`` in this app; all below them is meant too."""
        if role not in self.roles:
            return frozenset()
        limits = self._posts_giving(role)
        units = (post.within(limit) for post in self.posts for limit in limits)
        return frozenset(unit for unit in units if unit is not None)

    def _posts_giving(self, role: str) -> tuple[Post, ...]:
        return posts_giving(role)

    def orgs(self, role: str) -> frozenset[str]:
        """The org units where ``role`` is held."""
        return frozenset(post.org for post in self.posts if post.role == role)


class Machine(Principal):
    """A service account of the app's manifest: its posts name the app's own roles themselves."""

    __slots__ = ()

    def _posts_giving(self, role: str) -> tuple[Post, ...]:
        return (Post(str(role)),)


def posts_of(groups: Iterable[str]) -> frozenset[Post]:
    """Read posts out of full group paths. A top-level group has no org and is no post."""
    return frozenset(
        Post(role=role, org=org)
        for org, separator, role in (path.rpartition("/") for path in groups)
        if separator and org and role
    )
