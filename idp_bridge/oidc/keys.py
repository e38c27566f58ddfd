"""Signing keys on disk: one file for each key, never changed after it was written.

    rotate -> published -> (signs_from) signs -> a newer one signs: verifies for ``KEPT`` -> deleted

Every copy of the bridge reads the same folder and sees a new key at its next use. A key is
published ``AHEAD`` of its first signature, so that clients with a cached JWKS never meet an unknown
one; the old key stays until nothing it signed can still be shown to us.
"""

import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from idp_bridge.core.clock import Clock
from idp_bridge.oidc.errors import HintRefused

ALGORITHMS = ("RS256", "ES256")
AHEAD = timedelta(minutes=5)
KEPT = timedelta(hours=25)

_ANY_TIME: Any = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "require": ["iss", "sub", "aud"],
}

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key."""

    kid: str
    algorithm: str
    signs_from: datetime
    private: Private

    def public(self) -> dict[str, Any]:
        """The public half as JWK."""
        numbers: dict[str, Any] = (
            RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
            if isinstance(self.private, rsa.RSAPrivateKey)
            else ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        )
        wanted = {
            name: numbers[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in numbers
        }
        return wanted | {"kid": self.kid, "use": "sig", "alg": self.algorithm}


class KeySet:
    """The keys of a folder; missing ones are made."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._seen = -1
        self._keys: tuple[Key, ...] = ()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for algorithm in ALGORITHMS:
            if not any(key.algorithm == algorithm for key in self._current()):
                _write(folder, algorithm, clock())

    def sign(
        self,
        claims: Mapping[str, Any],
        *,
        algorithm: str = "ES256",
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """A JWT signed with the present key of ``algorithm``."""
        key = self._signing(algorithm)
        extra = {"kid": key.kid, **(headers or {})}
        return jwt.encode(dict(claims), key.private, algorithm=algorithm, headers=extra)

    def read(self, token: str, *, issuer: str) -> dict[str, Any]:
        """The claims of an ID token of ours, even expired. Raises ``HintRefused``."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ", "JWT") != "JWT":
                raise HintRefused("a token of ours, but of another kind")
            key = next(k for k in self._published() if k.kid == header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key.private.public_key(),
                algorithms=[key.algorithm],
                issuer=issuer,
                options=_ANY_TIME,
            )
        except (jwt.PyJWTError, StopIteration):
            raise HintRefused("not a token of ours") from None
        return claims

    def jwks(self) -> dict[str, Any]:
        """The published keys."""
        return {"keys": [key.public() for key in self._published()]}

    def _signing(self, algorithm: str) -> Key:
        mine = [key for key in self._current() if key.algorithm == algorithm]
        now = self._clock()
        ready = [key for key in mine if key.signs_from <= now]
        return max(ready or mine, key=lambda key: (key.signs_from, key.kid))

    def _published(self) -> list[Key]:
        now = self._clock()
        keys = self._current()
        return [key for key in keys if not _is_over(key, keys, now)]

    def _current(self) -> tuple[Key, ...]:
        changed = self._folder.stat().st_mtime_ns
        if changed != self._seen:
            self._keys = tuple(_read(file) for file in sorted(self._folder.glob("*.json")))
            self._seen = changed
        return self._keys


def rotate(folder: Path, clock: Clock, *, ahead: timedelta = AHEAD) -> tuple[str, ...]:
    """Make a new key of each kind, delete those that are over; returns the new ``kid`` values."""
    now = clock()
    keys = tuple(_read(file) for file in sorted(folder.glob("*.json")))
    made = tuple(_write(folder, algorithm, now + ahead) for algorithm in ALGORITHMS)
    for key in keys:
        if _is_over(key, keys, now):
            (folder / f"{key.kid}.json").unlink(missing_ok=True)
    return made


def _is_over(key: Key, keys: tuple[Key, ...], now: datetime) -> bool:
    follower = min(
        (
            k.signs_from
            for k in keys
            if k.algorithm == key.algorithm and k.signs_from > key.signs_from
        ),
        default=None,
    )
    return follower is not None and follower + KEPT <= now


def _write(folder: Path, algorithm: str, signs_from: datetime) -> str:
    kid = f"{algorithm.lower()}-{secrets.token_hex(8)}"
    private: Private = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if algorithm == "RS256"
        else ec.generate_private_key(ec.SECP256R1())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    value = {"alg": algorithm, "signs_from": signs_from.timestamp(), "pem": pem.decode()}
    # Written aside and moved: another copy of the bridge never reads half a file.
    draft = folder / f".{kid}.draft"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(value, file)
    draft.rename(folder / f"{kid}.json")
    return kid


def _read(file: Path) -> Key:
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise PermissionError(f"{file.name}: a signing key may be readable by its owner only")
    value = json.loads(file.read_text(encoding="ascii"))
    private = serialization.load_pem_private_key(value["pem"].encode(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError(f"{file.name}: neither RSA nor EC")
    signs_from = datetime.fromtimestamp(value["signs_from"], UTC)
    return Key(file.stem, value["alg"], signs_from, private)
