"""Tokens for an app owner's own tests: an issuer in memory, with real keys and real signatures.

issuer = IssuerForTests("https://idp.test/realms/workers", client_id="grid-service")
verifier = Verifier([issuer.trust])
verifier.verify_access_token(issuer.access_token(roles=["handler"]))
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from idp_bridge_adapters.keys import KeySet
from idp_bridge_adapters.tokens import LOGOUT_EVENT, Trust


def _now() -> datetime:
    return datetime.now(UTC)


class IssuerForTests:
    """Signs what it is told to. ``claims`` override or add; a claim set to None is left out."""

    def __init__(
        self,
        issuer: str = "https://idp.test/realms/workers",
        *,
        client_id: str = "app",
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._clock = clock
        self.rotate()

    def rotate(self) -> None:
        """Take a new key; tokens of the old one are no longer verifiable."""
        self.key_id = secrets.token_hex(8)
        self.private_key = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The published key set."""
        public = ECAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.key_id, "alg": "ES256", "use": "sig"}]}

    @property
    def trust(self) -> Trust:
        """What an app gives to ``Verifier``; holds the key of this moment."""
        return Trust(self.issuer, self.client_id, KeySet(self.jwks["keys"]))

    def id_token(
        self,
        *,
        nonce: str | None = None,
        subject: str = "somebody",
        roles: Iterable[str] = (),
        groups: Iterable[str] = (),
        **claims: Any,
    ) -> str:
        """An ID token as Keycloak's mappers of the bridge write it."""
        return self.sign(
            {**self._person(subject, roles, groups), "typ": "ID", "nonce": nonce, **claims}
        )

    def access_token(
        self,
        *,
        subject: str = "somebody",
        roles: Iterable[str] = (),
        groups: Iterable[str] = (),
        **claims: Any,
    ) -> str:
        """An access token for the app's own API."""
        return self.sign({**self._person(subject, roles, groups), "typ": "Bearer", **claims})

    def logout_token(self, *, sid: str | None = "session", **claims: Any) -> str:
        """A back-channel logout token."""
        stated = {"typ": "Logout", "sid": sid, "events": {LOGOUT_EVENT: {}}, **claims}
        return self.sign({**self._envelope(timedelta(minutes=2)), **stated}, typ="logout+jwt")

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """Sign ``claims`` as they are, without those that are None."""
        stated = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(
            stated, self.private_key, algorithm="ES256", headers={"kid": self.key_id, **header}
        )

    def _envelope(self, life: timedelta) -> dict[str, Any]:
        now = self._clock()
        return {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "jti": secrets.token_hex(8),
        }

    def _person(self, subject: str, roles: Iterable[str], groups: Iterable[str]) -> dict[str, Any]:
        return {
            **self._envelope(timedelta(minutes=5)),
            "azp": self.client_id,
            "sub": subject,
            "name": "测试 Somebody",
            "sid": "session",
            "acr": "password",
            "auth_time": int(self._clock().timestamp()),
            "resource_access": {self.client_id: {"roles": list(roles)}},
            "groups": list(groups),
        }
