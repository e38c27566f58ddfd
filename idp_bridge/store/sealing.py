"""Sealing with AES-256-GCM; the key is derived from the installation's secret key."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp_bridge.core.errors import InvalidGrant

_NONCE = 12


class AesSealer:
    """A ``Sealer``. Each seal has a random nonce; the purpose is authenticated with it."""

    def __init__(self, secret_key: str) -> None:
        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"idp-bridge sealing 1")
        self._cipher = AESGCM(kdf.derive(secret_key.encode()))

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
