"""A Keycloak of one realm, small enough to lie: it answers what a test tells it to."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://sso.example/realms/workers"
INTERNAL = "http://keycloak.internal"
CLIENT = "worker-portal"


class SigningKey:
    """An RSA key with its place in a JWKS."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self) -> dict[str, Any]:
        numbers = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**numbers, "kid": self.kid, "use": "sig", "alg": "RS256"}

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        return jwt.encode(claims, self.private, "RS256", {"kid": self.kid, **headers})


class SmallKeycloak:
    """Certs and token endpoint at the internal address; keeps every form that it was sent."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.key = SigningKey("key-1")
        self.published = [self.key]
        self.keys_asked = 0
        self.forms: list[dict[str, str]] = []
        self.answer: Callable[[], httpx.Response] = lambda: self.tokens()

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._serve))

    def id_claims(self, **other: Any) -> dict[str, Any]:
        return self._of("ID", aud=CLIENT, nonce="n-1", auth_time=int(self._now()) - 5, **other)

    def access_claims(self, **other: Any) -> dict[str, Any]:
        rights = {"resource_access": {"grid-service": {"roles": ["handler"]}}}
        return self._of("Bearer", aud=["account"], scope="openid", **(rights | other))

    def logout_claims(self, **other: Any) -> dict[str, Any]:
        event = {"http://schemas.openid.net/event/backchannel-logout": {}}
        return self._of("Logout", **({"aud": CLIENT, "events": event} | other))

    def logout_token(self, typ: str = "logout+jwt", **other: Any) -> str:
        claims = {k: v for k, v in self.logout_claims(**other).items() if v is not None}
        return self.key.sign(claims, typ=typ)

    def tokens(
        self, identity: dict[str, Any] | None = None, access: dict[str, Any] | None = None
    ) -> httpx.Response:
        access_token = self.key.sign(access or self.access_claims())
        claims = {"at_hash": at_hash(access_token)} | (identity or self.id_claims())
        body = {
            "id_token": self.key.sign(claims),
            "access_token": access_token,
            "refresh_token": "refresh-2",
        }
        return httpx.Response(200, json=body)

    def _of(self, kind: str, **claims: Any) -> dict[str, Any]:
        now = int(self._now())
        common = {
            "iss": ISSUER,
            "typ": kind,
            "iat": now,
            "exp": now + 300,
            "jti": f"{kind}-1",
            "azp": CLIENT,
            "sub": "u-1",
            "sid": "s-1",
            "acr": "mfa",
        }
        return common | claims

    def _serve(self, request: httpx.Request) -> httpx.Response:
        address = str(request.url)
        if address == f"{INTERNAL}/realms/workers/protocol/openid-connect/certs":
            self.keys_asked += 1
            return httpx.Response(200, json={"keys": [key.jwk() for key in self.published]})
        if address == f"{INTERNAL}/realms/workers/protocol/openid-connect/token":
            self.forms.append(dict(parse_qsl(request.content.decode())))
            return self.answer()
        return httpx.Response(404)


def at_hash(access_token: str) -> str:
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "kid": "key-1", "typ": "logout+jwt"}, claims)
    coded = (base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)
    return ".".join((*coded, ""))
