"""Public keys of clients that sign: given at registration, or read from their ``jwks_uri``."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import jwt

from idp_bridge.core.authorization import Client
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidClient, Unavailable

FRESH = timedelta(minutes=5)
PAUSE = timedelta(seconds=5)
"""Between two reads for an unknown key: a stranger's ``kid`` must not make us ask all the time."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Read:
    at: datetime
    keys: tuple[jwt.PyJWK, ...]


class ClientKeys:
    """Finds the key that a client's assertion names."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._read: dict[str, _Read] = {}
        self._lock = asyncio.Lock()

    async def find(self, client: Client, kid: str, algorithm: str) -> jwt.PyJWK:
        """Raises ``InvalidClient`` for an unknown key, ``Unavailable`` when none can be read."""
        if client.jwks is not None:
            return _pick(_parsed(client.jwks), kid, algorithm)
        held = self._read.get(client.jwks_uri, _Read(_NEVER, ()))
        age = self._clock() - held.at
        known = any(key.key_id == kid for key in held.keys)
        if (known and age < FRESH) or (not known and age < PAUSE):
            return _pick(held.keys, kid, algorithm)
        async with self._lock:
            if self._read.get(client.jwks_uri, held) is held:
                self._read[client.jwks_uri] = await self._fetch(client.jwks_uri)
        return _pick(self._read[client.jwks_uri].keys, kid, algorithm)

    async def _fetch(self, uri: str) -> _Read:
        try:
            answer = await self._http.get(uri, follow_redirects=False, timeout=5)
            answer.raise_for_status()
            return _Read(self._clock(), _parsed(answer.json()))
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"jwks_uri: {type(error).__name__}") from None


def _parsed(jwks: object) -> tuple[jwt.PyJWK, ...]:
    listed = jwks.get("keys", []) if isinstance(jwks, dict) else []
    keys = []
    for one in listed:
        try:
            keys.append(jwt.PyJWK.from_dict(one))
        except jwt.PyJWTError:
            continue  # a key of a kind we do not use, such as one for encryption
    return tuple(keys)


def _pick(keys: tuple[jwt.PyJWK, ...], kid: str, algorithm: str) -> jwt.PyJWK:
    for key in keys:
        matches = key.key_id == kid or (not kid and len(keys) == 1)
        if matches and key.algorithm_name == algorithm and key.public_key_use in (None, "sig"):
            return key
    raise InvalidClient("assertion: no such key")
