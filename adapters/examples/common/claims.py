"""What an app without our library reads out of a verified ID token: plain claims, nothing more."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LEVELS = ("activation", "qr", "password", "mfa", "passkey")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is there. ``posts`` are (role, org) pairs, which belong together."""

    issuer: str
    subject: str
    name: str
    roles: tuple[str, ...]
    posts: tuple[tuple[str, str], ...]
    acr: str
    sid: str

    def orgs(self, role: str) -> tuple[str, ...]:
        return tuple(org for held, org in self.posts if held == role)

    def holds(self, role: str, org: str) -> bool:
        """Whether one post gives ``role`` in ``org`` or above it."""
        return any((org + "/").startswith(unit + "/") for unit in self.orgs(role))

    def reaches(self, acr: str) -> bool:
        """Keycloak does not enforce ``acr``: an app that demands a level looks for itself."""
        return self.acr in LEVELS and LEVELS.index(self.acr) >= LEVELS.index(acr)

    def facts(self) -> dict[str, Any]:
        """What ``/whoami`` says: all but the session's name."""
        facts = asdict(self)
        del facts["sid"]
        posts = [{"role": role, "org": org} for role, org in sorted(self.posts)]
        return {**facts, "roles": sorted(self.roles), "posts": posts}


def person(claims: Mapping[str, Any], client_id: str) -> Person:
    """Read a person out of claims that the OIDC library has verified."""
    paths = [path.rpartition("/") for path in claims.get("groups", ())]
    return Person(
        issuer=claims["iss"],
        subject=claims["sub"],
        name=claims.get("name") or claims.get("preferred_username", ""),
        roles=tuple(claims.get("resource_access", {}).get(client_id, {}).get("roles", ())),
        posts=tuple((role, org) for org, _, role in paths if org and role),
        acr=str(claims.get("acr", "")),
        sid=claims.get("sid", ""),
    )


LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def is_logout(claims: Mapping[str, Any]) -> bool:
    """Whether verified claims are a back-channel logout token's and no other kind's (2.6)."""
    events = claims.get("events")
    return (
        isinstance(events, dict)
        and isinstance(events.get(LOGOUT_EVENT), dict)
        and "nonce" not in claims
        and bool(claims.get("sid") or claims.get("sub"))
    )


def is_meant(claims: Mapping[str, Any], who: Person) -> bool:
    """Whether a logout names the session of ``who``: by ``sid``, and only without it by ``sub``."""
    if claims["iss"] != who.issuer:
        return False
    if claims.get("sid"):
        return bool(claims["sid"] == who.sid)
    return bool(claims["sub"] == who.subject)
