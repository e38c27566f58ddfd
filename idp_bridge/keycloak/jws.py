"""Verifies what a realm of Keycloak signed: a listed key, its own algorithm, times by our clock."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
from jwt.types import Options

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Unavailable

SKEW = timedelta(seconds=10)
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
_KEYS_LIVE = timedelta(minutes=5)
_ASK_AGAIN = timedelta(seconds=10)
_LONGEST = 32_768
# Times and audience are compared here, by the clock that was passed in.
_SIGNATURE_ONLY: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
}


class BadToken(Exception):
    """A token that must not be believed; the message holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature was checked."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def algorithm(self) -> str:
        return str(self.header["alg"])


@dataclass(frozen=True, slots=True)
class Expected:
    """Who must have made a token, and of which kind (Keycloak's claim ``typ``) it must be."""

    issuer: str
    kind: str


class RealmKeys:
    """A realm's published keys; asked for again when an unknown one is named, but not too often."""

    def __init__(self, http: httpx.AsyncClient, jwks_url: str, clock: Clock) -> None:
        self._http = http
        self._url = jwks_url
        self._clock = clock
        self._keys: dict[str, dict[str, Any]] = {}
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def verify(self, token: str, expected: Expected) -> Verified:
        """Signature, issuer, kind and times. Raises ``BadToken`` or ``Unavailable``."""
        header = _header(token)
        key = await self._key(str(header.get("kid", "")))
        algorithm = key.get("alg")
        if algorithm not in _ALGORITHMS or header.get("alg") != algorithm:
            raise BadToken("not the algorithm of its key")
        try:
            claims = jwt.decode(
                token,
                jwt.PyJWK(key, algorithm),
                algorithms=[algorithm],
                options=_SIGNATURE_ONLY,
            )
        except jwt.PyJWTError as error:
            raise BadToken(type(error).__name__) from None
        _check(claims, expected, self._clock())
        return Verified(header, claims)

    async def _key(self, kid: str) -> dict[str, Any]:
        if self._is_older_than(_KEYS_LIVE) or (
            kid not in self._keys and self._is_older_than(_ASK_AGAIN)
        ):
            async with self._reading:
                if self._is_older_than(_ASK_AGAIN):
                    await self._read()
        if kid not in self._keys:
            raise BadToken("signed by an unknown key")
        return self._keys[kid]

    def _is_older_than(self, age: timedelta) -> bool:
        return self._read_at is None or self._clock() - self._read_at >= age

    async def _read(self) -> None:
        try:
            answer = await self._http.get(self._url)
            answer.raise_for_status()
            keys = answer.json()["keys"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Unavailable(f"keycloak keys: {type(error).__name__}") from error
        self._keys = {key["kid"]: key for key in keys if key.get("use") == "sig"}
        self._read_at = self._clock()


def _header(token: str) -> Mapping[str, Any]:
    if len(token) > _LONGEST:
        raise BadToken("too long")
    try:
        return jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise BadToken(type(error).__name__) from None


def _check(claims: Mapping[str, Any], expected: Expected, now: datetime) -> None:
    if claims.get("iss") != expected.issuer:
        raise BadToken("another issuer")
    if claims.get("typ") != expected.kind:
        raise BadToken("another kind of token")
    if _number(claims, "exp") <= (now - SKEW).timestamp():
        raise BadToken("expired")
    if _number(claims, "iat") > (now + SKEW).timestamp():
        raise BadToken("from the future")
    if "nbf" in claims and _number(claims, "nbf") > (now + SKEW).timestamp():
        raise BadToken("not valid yet")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadToken(f"no {name}")
    return float(value)


def audiences(claims: Mapping[str, Any]) -> frozenset[str]:
    """``aud``, which may be one text or a list."""
    said = claims.get("aud")
    return frozenset(said if isinstance(said, list) else [said])
