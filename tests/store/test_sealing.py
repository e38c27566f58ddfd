"""Sealed values open only for their purpose and key, and unchanged."""

import base64

import pytest

from idp_bridge.core.errors import InvalidGrant
from idp_bridge.store.sealing import AesSealer


def test_what_is_sealed_opens_again():
    sealer = AesSealer("k" * 32)

    sealed = sealer.seal(b"refresh token", "session-1")

    assert sealer.unseal(sealed, "session-1") == b"refresh token"
    assert "refresh" not in sealed


def test_the_same_value_is_never_sealed_alike():
    sealer = AesSealer("k" * 32)

    assert sealer.seal(b"x", "p") != sealer.seal(b"x", "p")


@pytest.mark.parametrize("change", ["purpose", "key", "byte", "cut", "not base64"])
def test_anything_else_does_not_open(change: str):
    sealer, purpose = AesSealer("k" * 32), "session-1"
    sealed = sealer.seal(b"refresh token", purpose)
    if change == "purpose":
        purpose = "session-2"
    elif change == "key":
        sealer = AesSealer("q" * 32)
    elif change == "byte":
        raw = bytearray(base64.urlsafe_b64decode(sealed))
        raw[-1] ^= 1
        sealed = base64.urlsafe_b64encode(raw).decode()
    elif change == "cut":
        sealed = sealed[:8]
    else:
        sealed = "é"

    with pytest.raises(InvalidGrant):
        sealer.unseal(sealed, purpose)
