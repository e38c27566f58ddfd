"""The public keys of an issuer, fetched once and again when a token names one nobody knows.

    fresh --(refresh_after)--> fetched again at the next use; the old set serves if that fails
          --(lifetime)-------> refused until the issuer answers

A stranger's made-up key ids cost the issuer at most one request per ``patience``.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx
import jwt

KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
"""Signatures an issuer may use, each with the one key type it goes with; never a shared secret."""


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had. Nothing is known about the token: answer 503, not 401."""


class Keys(Protocol):
    """Public keys of one issuer. A key is only given out for the algorithm that it is made for."""

    def find(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        """The key, or None when the issuer has no such key. May raise ``KeysUnavailable``."""
        ...


class KeySet:
    """A fixed JWK Set (RFC 7517)."""

    def __init__(self, keys: Iterable[Mapping[str, Any]]) -> None:
        self._keys = [dict(key) for key in keys if key.get("use", "sig") == "sig"]

    def find(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        for key in self._keys:
            if key.get("kid") == key_id and self._is_made_for(key, algorithm):
                return jwt.PyJWK(key, algorithm)
        return None

    @staticmethod
    def _is_made_for(key: Mapping[str, Any], algorithm: str) -> bool:
        return key.get("kty") == KEY_TYPES.get(algorithm) and key.get("alg", algorithm) == algorithm


def _now() -> datetime:
    return datetime.now(UTC)


class RemoteKeys:
    """The keys that ``issuer`` publishes, found through its discovery document.

    Calls block; an asynchronous app verifies in a worker thread.
    """

    refresh_after = timedelta(minutes=10)
    lifetime = timedelta(hours=1)
    patience = timedelta(seconds=10)

    def __init__(
        self, issuer: str, http: httpx.Client, clock: Callable[[], datetime] = _now
    ) -> None:
        self._issuer = issuer
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._keys = KeySet(())
        self._fetched: datetime | None = None
        self._tried: datetime | None = None

    def find(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        with self._lock:
            if self._is_older_than(self.refresh_after):
                self._refetch()
            key = self._keys.find(key_id, algorithm)
            if key is None and self._refetch():
                key = self._keys.find(key_id, algorithm)
            if self._is_older_than(self.lifetime):
                raise KeysUnavailable(f"no keys of {self._issuer}")
            return key

    def _is_older_than(self, age: timedelta) -> bool:
        return self._fetched is None or self._clock() - self._fetched > age

    def _refetch(self) -> bool:
        now = self._clock()
        if self._tried is not None and now - self._tried < self.patience:
            return False
        self._tried = now
        try:
            self._keys = KeySet(self._published())
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return False
        self._fetched = now
        return True

    def _published(self) -> Any:
        metadata = self._get(f"{self._issuer}/.well-known/openid-configuration")
        if metadata["issuer"] != self._issuer:
            raise ValueError("the discovery document names another issuer")
        return self._get(metadata["jwks_uri"])["keys"]

    def _get(self, url: str) -> Any:
        answer = self._http.get(url)
        answer.raise_for_status()
        return answer.json()
