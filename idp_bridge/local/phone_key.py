"""The scriptable phone's key: P-256, in a file that only its owner reads."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from idp_bridge_qr.keys import DevicePublicKey, b64encode


@dataclass(frozen=True, slots=True)
class PhoneKey:
    """Signs compact JWS as the page's WebCrypto key does."""

    private: ec.EllipticCurvePrivateKey

    @classmethod
    def at(cls, file: Path) -> "PhoneKey":
        """The key in ``file``; made there when there is none."""
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            made = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(made)
        loaded = serialization.load_pem_private_key(file.read_bytes(), password=None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        return cls(loaded)

    @property
    def jwk(self) -> dict[str, str]:
        """The public half."""
        return self._public().jwk()

    @property
    def thumbprint(self) -> str:
        """What the bridge calls this phone."""
        return self._public().thumbprint()

    def sign(self, header: dict[str, Any], payload: dict[str, Any]) -> str:
        """A compact JWS, ES256."""
        return sign_jws(self.private, {"alg": "ES256", **header}, payload)

    def _public(self) -> DevicePublicKey:
        numbers = self.private.public_key().public_numbers()
        return DevicePublicKey(numbers.x.to_bytes(32), numbers.y.to_bytes(32))


def sign_jws(
    private: ec.EllipticCurvePrivateKey, header: dict[str, Any], payload: dict[str, Any]
) -> str:
    """Sign with the raw ``r || s`` of RFC 7518, 3.4."""
    parts = [b64encode(json.dumps(part).encode()) for part in (header, payload)]
    der = private.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    return ".".join([*parts, b64encode(r.to_bytes(32) + s.to_bytes(32))])
