"""Who is signed in at one browser of a surface that the bridge serves itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from idp_bridge.core.grants import Grant
from idp_bridge.core.names import full_name

_NAMES = ("name", "preferred_username", "given_name", "family_name")


@dataclass(frozen=True, slots=True)
class ClientSession:
    """Who is signed in at one browser, and what Keycloak said about them at ``read_at``.

    ``account`` is Keycloak's user id, which marks speak of; ``subject`` is what the client is told,
    for residents' apps a pairwise one.
    """

    account: str
    subject: str
    sid: str
    acr: str
    auth_time: datetime
    claims: Mapping[str, Any]
    csrf: str
    began: datetime
    read_at: datetime
    expires: datetime

    @property
    def name(self) -> str:
        """What to call the person."""
        said = {key: str(self.claims.get(key) or "") for key in _NAMES}
        otherwise = said["name"] or said["preferred_username"]
        return full_name(said["given_name"], said["family_name"], otherwise)

    @property
    def realm_roles(self) -> frozenset[str]:
        """Effective realm roles."""
        return frozenset((self.claims.get("realm_access") or {}).get("roles", ()))

    def roles_in(self, client_id: str) -> frozenset[str]:
        """Roles held in one app."""
        access = self.claims.get("resource_access") or {}
        return frozenset((access.get(client_id) or {}).get("roles", ()))


def session_of(grant: Grant) -> ClientSession:
    """The session that a grant of the store holds."""
    facts = grant.facts
    return ClientSession(
        account=grant.account,
        subject=facts["subject"],
        sid=facts["sid"],
        acr=facts["acr"],
        auth_time=datetime.fromtimestamp(facts["auth_time"], UTC),
        claims=facts["claims"],
        csrf=facts["csrf"],
        began=datetime.fromtimestamp(facts["began"], UTC),
        read_at=datetime.fromtimestamp(facts["read_at"], UTC),
        expires=grant.expires,
    )
