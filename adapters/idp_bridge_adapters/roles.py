"""An app's own roles as an enumeration, each with the posts that say how far it reaches.

    class Role(AppRole):
        VISITOR = "visitor"
        COUNSELLOR = "counsellor"              # reaches where a post ``counsellor`` is held
        REGISTRAR = "registrar", "staff"       # reaches where a post ``staff`` is held
        PATROL = "patrol", Post("police", "/baoan/xixiang")   # and only in this street

They repeat what the app's manifest says under ``roles``: a token tells roles and posts, not which
post gave which role.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Post:
    """A role held in one org unit and in everything below it; with no org, everywhere."""

    role: str
    org: str = ""

    def covers(self, org: str) -> bool:
        """Whether ``org`` is this post's unit or lies under it; whole path segments only."""
        wanted = org.rstrip("/")
        return wanted == self.org or wanted.startswith(self.org + "/")

    def within(self, limit: "Post") -> str | None:
        """The org unit that this post reaches as far as ``limit`` goes."""
        if self.role != limit.role:
            return None
        if limit.covers(self.org):
            return self.org
        return limit.org if self.covers(limit.org) else None


class AppRole(StrEnum):
    """Equal to the role's name in tokens. ``posts`` are the realm roles that give its org units."""

    posts: tuple[Post, ...]

    def __new__(cls, value: str, *posts: str | Post) -> "AppRole":
        member = str.__new__(cls, value)
        member._value_ = value
        given = posts or (value,)
        member.posts = tuple(Post(post) if isinstance(post, str) else post for post in given)
        return member


def posts_giving(role: str) -> tuple[Post, ...]:
    """The posts whose org units ``role`` reaches; a plain text reaches by the post of its name."""
    return role.posts if isinstance(role, AppRole) else (Post(role),)
