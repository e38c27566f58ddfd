"""Port: the bridge as a relying party of Keycloak, one instance per (realm, client)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Keycloak said at a code exchange or a refresh, verified.

    ``claims`` are the ID token's with ``resource_access``, ``realm_access`` and our own mapper
    claims of the access token added; never computed by us. ``refresh_token`` is a secret.
    """

    subject: str
    sid: str
    acr: str
    auth_time: datetime
    claims: Mapping[str, Any]
    id_token: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """A verified back-channel logout token (OpenID Connect Back-Channel Logout 1.0, 2.4)."""

    jti: str
    sid: str | None
    subject: str | None


class RelyingParty(Protocol):
    """Code flow with PKCE S256 and ``private_key_jwt`` against one realm of Keycloak."""

    @property
    def realm(self) -> str: ...

    @property
    def client_id(self) -> str: ...

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_challenge: str,
        extra: Mapping[str, str],
    ) -> str:
        """Where to send the browser; ``extra``: ``prompt``, ``acr_values``, ``kc_idp_hint``."""
        ...

    async def exchange(
        self, *, code: str, redirect_uri: str, code_verifier: str, nonce: str
    ) -> Tokens:
        """Raises ``InvalidGrant`` when Keycloak refuses, ``Unavailable`` when it is not there."""
        ...

    async def refresh(self, refresh_token: str) -> Tokens:
        """Raises ``NotSignedIn`` when the session ended, ``Unavailable`` when Keycloak is away."""
        ...

    def logout_url(self, *, id_token_hint: str, post_logout_redirect_uri: str) -> str: ...

    async def verify_logout_token(self, logout_token: str) -> LogoutToken:
        """Raises ``InvalidRequest``."""
        ...
