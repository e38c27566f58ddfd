"""Who calls the token endpoint: ``private_key_jwt``, ``client_secret_basic`` or ``_post``.

A client proves itself by the one method it is registered with; any other, or two at once, is
refused. A signed assertion is good for one use, and only for a short time.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

import jwt

from idp_bridge.core.authorization import Client
from idp_bridge.core.clients import Clients
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidClient
from idp_bridge.core.secret import digest, same
from idp_bridge.core.store import Store
from idp_bridge.oidc.client_keys import ClientKeys

ALGORITHMS = ("ES256", "RS256", "PS256")
LONGEST = timedelta(minutes=5)
LEEWAY = timedelta(seconds=10)
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientAuthentication:
    """Checks the proof that comes with a request to the token endpoint."""

    def __init__(
        self, *, issuer: str, clients: Clients, keys: ClientKeys, store: Store, clock: Clock
    ) -> None:
        self._audiences = (issuer, f"{issuer}/token")
        self._clients = clients
        self._keys = keys
        self._store = store
        self._clock = clock

    async def authenticate(self, header: str, form: Mapping[str, str]) -> Client:
        """The client that sent ``form`` and ``Authorization: header``. Raises ``InvalidClient``."""
        if header:
            client_id, secrets = _basic(header)
            if form.get("client_id", client_id) != client_id:
                raise InvalidClient("two client ids")
            client = self._registered(client_id, "client_secret_basic", form, header)
            return _check_secret(client, *secrets)
        if "client_assertion" in form or "client_assertion_type" in form:
            return await self._check_assertion(form)
        client_id = form.get("client_id", "")
        client = self._registered(client_id, "client_secret_post", form, header)
        return _check_secret(client, form.get("client_secret", ""))

    def _registered(
        self, client_id: str, method: str, form: Mapping[str, str], header: str
    ) -> Client:
        proofs = [bool(header), "client_secret" in form, "client_assertion" in form]
        client = self._clients.find(client_id)
        if client is None or client.auth_method != method or sum(proofs) != 1:
            raise InvalidClient("unknown client, another method, or not exactly one proof")
        return client

    async def _check_assertion(self, form: Mapping[str, str]) -> Client:
        assertion = form.get("client_assertion", "")
        try:
            header = jwt.get_unverified_header(assertion)
            named = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise InvalidClient("assertion: not a JWT") from None
        client_id = str(named.get("sub", ""))
        if form.get("client_assertion_type") != _ASSERTION:
            raise InvalidClient("assertion: type")
        if form.get("client_id", client_id) != client_id:
            raise InvalidClient("two client ids")
        client = self._registered(client_id, "private_key_jwt", form, "")
        key = await self._keys.find(client, str(header.get("kid", "")), str(header.get("alg", "")))
        await self._check_claims(client, self._verified(assertion, key, client))
        return client

    def _verified(self, assertion: str, key: jwt.PyJWK, client: Client) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                key.key,
                algorithms=[name for name in ALGORITHMS if name == key.algorithm_name],
                issuer=client.client_id,
                subject=client.client_id,
                options={
                    "require": ["iss", "sub", "aud", "exp", "jti"],
                    # Times are compared with our own clock, the audience strictly, below.
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.PyJWTError as error:
            raise InvalidClient(f"assertion: {type(error).__name__}") from None
        return claims

    async def _check_claims(self, client: Client, claims: Mapping[str, Any]) -> None:
        named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not named or any(audience not in self._audiences for audience in named):
            raise InvalidClient("assertion: audience")
        now, leeway = self._clock().timestamp(), LEEWAY.total_seconds()
        try:
            left = float(claims["exp"]) - now
            early = max(float(claims.get("nbf", 0)), float(claims.get("iat", 0))) > now + leeway
        except (TypeError, ValueError):
            raise InvalidClient("assertion: times") from None
        if not -leeway < left <= LONGEST.total_seconds() + leeway or early:
            raise InvalidClient("assertion: expired, too long or not yet valid")
        key = f"assertion:{digest(client.client_id)}:{digest(str(claims['jti']))}"
        if not await self._store.swap(key, None, b"1", timedelta(seconds=left) + LEEWAY * 2):
            raise InvalidClient("assertion: used before")


def _basic(header: str) -> tuple[str, tuple[str, str]]:
    scheme, _, value = header.partition(" ")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidClient("basic: encoding") from None
    name, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient("basic: form")
    # Both halves are form-encoded before they are joined (RFC 6749, 2.3.1); many libraries do not.
    return unquote_plus(name), (unquote_plus(secret), secret)


def _check_secret(client: Client, *secrets: str) -> Client:
    matches = [same(client.secret, secret) for secret in secrets]
    if not client.secret or not any(matches):
        raise InvalidClient("secret")
    return client
