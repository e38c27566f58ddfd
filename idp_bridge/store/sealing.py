"""Keys derived from the installation's secret key, and sealing with AES-256-GCM under one."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp_bridge.core.errors import InvalidGrant

_NONCE = 12


def derived_key(secret_key: str, purpose: str) -> bytes:
    """32 bytes for one purpose only (HKDF-SHA256, RFC 5869)."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"idp-bridge {purpose}".encode())
    return kdf.derive(secret_key.encode())


class AesSealer:
    """A ``Sealer``. Each seal has a random nonce; the purpose is authenticated with it."""

    def __init__(self, secret_key: str) -> None:
        self._cipher = AESGCM(derived_key(secret_key, "sealing 1"))

    def seal(self, plain: bytes, purpose: str) -> str:
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, plain, purpose.encode())
        return base64.urlsafe_b64encode(sealed).decode()

    def unseal(self, sealed: str, purpose: str) -> bytes:
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
        except (InvalidTag, binascii.Error, ValueError):
            raise InvalidGrant("a sealed value does not open") from None
