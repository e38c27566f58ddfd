"""Device keys: P-256 public keys as JWK (RFC 7517) and compact ES256 signatures (RFC 7515).

What a message claims about its own algorithm is never believed: the key's record decides, here
always ES256 with the raw 64-byte ``r || s`` of RFC 7518, 3.4.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idp_bridge_qr.errors import CodeError

_FIELD = 32
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class DevicePublicKey:
    """A public key that a phone or a kiosk keeps the private half of."""

    x: bytes
    y: bytes

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "DevicePublicKey":
        """Read a P-256 public JWK. Raises ``CodeError``; a private key is refused."""
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
            raise CodeError("the key must be a public P-256 key")
        key = cls(_field(jwk.get("x")), _field(jwk.get("y")))
        key._public()
        return key

    def jwk(self) -> dict[str, str]:
        """The public key as a JWK with its required members only."""
        return {"crv": "P-256", "kty": "EC", "x": b64encode(self.x), "y": b64encode(self.y)}

    def thumbprint(self) -> str:
        """The JWK SHA-256 thumbprint (RFC 7638), base64url."""
        canonical = json.dumps(self.jwk(), separators=(",", ":"), sort_keys=True)
        return b64encode(hashlib.sha256(canonical.encode()).digest())

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a raw ``r || s`` ES256 signature. Raises ``CodeError``."""
        if len(signature) != 2 * _FIELD:
            raise CodeError("the signature must be 64 bytes")
        r, s = (int.from_bytes(part) for part in (signature[:_FIELD], signature[_FIELD:]))
        try:
            self._public().verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise CodeError("the signature does not match") from None

    def _public(self) -> ec.EllipticCurvePublicKey:
        try:
            numbers = ec.EllipticCurvePublicNumbers(
                int.from_bytes(self.x), int.from_bytes(self.y), ec.SECP256R1()
            )
            return numbers.public_key()
        except ValueError:
            raise CodeError("the key is not a point of P-256") from None


@dataclass(frozen=True, slots=True)
class Signed:
    """A compact JWS taken apart and not verified yet; read ``payload`` only through ``verify``."""

    header: Mapping[str, Any]
    _payload: Mapping[str, Any]
    _signature: bytes
    _message: bytes

    def verify(self, key: DevicePublicKey, typ: str) -> Mapping[str, Any]:
        """The payload, once signature, algorithm and type are right. Raises ``CodeError``."""
        if self.header.get("alg") != "ES256":
            raise CodeError("the algorithm must be ES256")
        if self.header.get("typ") != typ:
            raise CodeError(f"the type must be {typ}")
        if "crit" in self.header:
            raise CodeError("no critical header is understood")
        key.verify(self._signature, self._message)
        return self._payload


def read_jws(token: str) -> Signed:
    """Take a compact JWS with JSON payload apart. Raises ``CodeError`` for anything else."""
    parts = token.split(".")
    if len(token) > _LONGEST or len(parts) != 3:
        raise CodeError("not a compact JWS")
    header, payload = (_object(part) for part in parts[:2])
    message = f"{parts[0]}.{parts[1]}".encode()
    return Signed(header, payload, b64decode(parts[2]), message)


def read_proof(token: str, typ: str) -> tuple[DevicePublicKey, Mapping[str, Any]]:
    """The key in a proof of possession and what it signed, once both are right (RFC 9449, 4.3).

    Whose key it is remains to be looked up. Raises ``CodeError``.
    """
    signed = read_jws(token)
    jwk = signed.header.get("jwk")
    key = DevicePublicKey.from_jwk(jwk if isinstance(jwk, dict) else {})
    return key, signed.verify(key, typ)


def b64encode(value: bytes) -> str:
    """Base64url without padding (RFC 7515, appendix C)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def b64decode(text: str) -> bytes:
    """Canonical base64url without padding. Raises ``CodeError``."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CodeError("not base64url") from None
    if b64encode(value) != text:
        raise CodeError("not canonical base64url")
    return value


def _field(text: Any) -> bytes:
    value = b64decode(text) if isinstance(text, str) else b""
    if len(value) != _FIELD:
        raise CodeError("a coordinate must be 32 bytes")
    return value


def _object(part: str) -> Mapping[str, Any]:
    try:
        value = json.loads(b64decode(part))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise CodeError("not JSON") from None
    if not isinstance(value, dict):
        raise CodeError("not a JSON object")
    return value
