"""An app's own roles as an enumeration, each with the posts that say how far it reaches.

class Role(AppRole):
    VISITOR = "visitor"
    COUNSELLOR = "counsellor"              # reaches where a post ``counsellor`` is held
    REGISTRAR = "registrar", "staff"       # reaches where a post ``staff`` is held
"""

from enum import StrEnum


class AppRole(StrEnum):
    """Equal to the role's name in tokens. ``posts`` are the realm roles that give its org units."""

    posts: tuple[str, ...]

    def __new__(cls, value: str, *posts: str) -> "AppRole":
        member = str.__new__(cls, value)
        member._value_ = value
        member.posts = posts or (value,)
        return member


def posts_giving(role: str) -> tuple[str, ...]:
    """The posts whose org units ``role`` reaches; a plain text reaches by the post of its name."""
    return role.posts if isinstance(role, AppRole) else (role,)
