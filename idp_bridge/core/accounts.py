"""Port to Keycloak: who somebody is, which sessions live."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Account:
    """A person in one realm. The key is ``(realm, subject)``; ``subject`` is Keycloak's user id.

    ``roles`` are the effective realm roles; ``manages_realm`` is true when any effective role of
    Keycloak's ``realm-management`` client is held.
    """

    realm: str
    subject: str
    username: str
    name: str
    enabled: bool
    roles: frozenset[str] = frozenset()
    manages_realm: bool = False

    @property
    def is_administrator(self) -> bool:
        """Whether the account administers anything; such accounts never sign in by QR (A1)."""
        return self.manages_realm or "bridge-admin" in self.roles


@dataclass(frozen=True, slots=True)
class KeycloakSession:
    """One live session of an account at Keycloak.

    ``bridge_sid`` is the ``sid`` of the bridge's own OP session when the session began there.
    """

    id: str
    started: datetime
    last_access: datetime
    network: str
    clients: tuple[str, ...]
    bridge_sid: str = ""


class Accounts(Protocol):
    """Live reads and writes at Keycloak's Admin API; nothing here is cached.

    Every call raises ``Unavailable`` when Keycloak does not answer.
    """

    async def find(self, realm: str, subject: str) -> Account | None: ...

    async def find_by_username(self, realm: str, username: str) -> Account | None: ...

    async def sessions(self, realm: str, subject: str) -> tuple[KeycloakSession, ...]: ...

    async def end_session(self, realm: str, session_id: str) -> None:
        """End one session; Keycloak then calls the apps' back-channel addresses. Unknown: no-op."""
        ...

    async def end_sessions(self, realm: str, subject: str) -> None:
        """End every session of the account, with back-channel calls."""
        ...

    async def link(self, realm: str, subject: str, connector: str) -> None:
        """Link the account to identity provider ``connector`` under its own Keycloak id."""
        ...

    async def is_linked(self, realm: str, subject: str, connector: str) -> bool: ...

    async def require_action(self, realm: str, subject: str, action: str) -> None:
        """Have Keycloak ask for ``action`` (its name for a required action) at the next sign-in."""
        ...

    async def has_credential(self, realm: str, subject: str) -> bool:
        """Whether a password or a passkey is set."""
        ...
