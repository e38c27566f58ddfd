r"""Signed tickets, for apps that can do no more than read one: what came by the form, is it good.

    POST ticket, state --verify, once--> Arrived      signed, this app, this address, this attempt
    POST logout_token  --verify_logout--> LogoutToken   end the sessions that it names

A ticket is good for one use. This process remembers those it has seen until they expire; an app of
several processes redeems its tickets at the bridge instead, or keeps the ``jti`` in its database.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

import jwt

from idp_bridge_adapters.claims import text, texts
from idp_bridge_adapters.keys import KEY_TYPES, Keys
from idp_bridge_adapters.principal import Principal, acr_reaches, posts_of
from idp_bridge_adapters.tokens import LOGOUT_EVENT, AcrTooLow, LogoutToken, TokenRefused

TICKET_KIND = "ticket+jwt"
LOGOUT_KIND = "logout+jwt"
_NEEDED = ("iss", "aud", "iat", "exp", "jti")


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody came with a ticket. ``jti`` is what the app signs them out with."""

    person: Principal
    jti: str


def _now() -> datetime:
    return datetime.now(UTC)


class SignedTickets:
    """Verifies the tickets of one app; ``bridge`` is the issuer, ``service`` the app's address.

    ``algorithm`` is the one that the app is registered with: a ticket never chooses it.
    """

    leeway = timedelta(seconds=10)
    life = timedelta(seconds=60)

    def __init__(
        self,
        bridge: str,
        client_id: str,
        service: str,
        keys: Keys,
        *,
        minimum_acr: str = "qr",
        algorithm: str = "ES256",
        clock: Callable[[], datetime] = _now,
    ) -> None:
        if algorithm not in KEY_TYPES:
            raise ValueError("not a public-key signature")
        self._bridge = bridge
        self._client_id = client_id
        self._service = service
        self._keys = keys
        self._minimum_acr = minimum_acr
        self._algorithm = algorithm
        self._clock = clock
        self._seen: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def verify(self, ticket: str, *, state: str) -> Arrived:
        """Who came back to the sign-in that sent ``state``. Raises ``TokenRefused``."""
        claims = self._verified(ticket, TICKET_KIND)
        if claims.get("service") != self._service:
            raise TokenRefused("meant for another address")
        if not state or not compare_digest(str(claims.get("state", "")).encode(), state.encode()):
            raise TokenRefused("state is not the one sent")
        acr = str(claims.get("acr", ""))
        if not acr_reaches(acr, self._minimum_acr):
            raise AcrTooLow(acr, self._minimum_acr)
        self._use(claims["jti"])
        return Arrived(self._person(claims), claims["jti"])

    def verify_logout(self, token: str) -> LogoutToken:
        """Whose sessions to end; twice is as once. Raises ``TokenRefused``."""
        claims = self._verified(token, LOGOUT_KIND)
        events = claims.get("events")
        if not isinstance(events, dict) or LOGOUT_EVENT not in events:
            raise TokenRefused("not a logout event")
        realm = self._issuer_of(claims)
        return LogoutToken(realm, claims["jti"], text(claims, "sid"), text(claims, "sub"))

    def _verified(self, token: str, kind: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if (header.get("alg"), header.get("typ")) != (self._algorithm, kind):
                raise TokenRefused(f"not a {kind} of {self._algorithm}")
            key = self._keys.find(str(header.get("kid", "")), self._algorithm)
            if key is None:
                raise TokenRefused("signed by an unknown key")
            # Signature, issuer, audience; the moments are ours, against the injected clock.
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[self._algorithm],
                issuer=self._bridge,
                audience=self._client_id,
                options={"require": list(_NEEDED), "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(f"not a token: {type(error).__name__}") from error
        self._check_times(claims)
        return claims

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        issued, expires, now = claims["iat"], claims["exp"], self._clock().timestamp()
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise TokenRefused("a moment is none")
        leeway = self.leeway.total_seconds()
        if not issued - leeway <= now < expires + leeway:
            raise TokenRefused("expired, or issued in the future")

    def _use(self, jti: str) -> None:
        now = self._clock()
        with self._lock:
            self._seen = {known: until for known, until in self._seen.items() if until > now}
            if jti in self._seen:
                raise TokenRefused("used before")
            self._seen[jti] = now + self.life + 2 * self.leeway

    def _issuer_of(self, claims: Mapping[str, Any]) -> str:
        """The same subject in two realms is two people."""
        return f"{self._bridge}/realms/{text(claims, 'realm')}"

    def _person(self, claims: Mapping[str, Any]) -> Principal:
        return Principal(
            issuer=self._issuer_of(claims),
            subject=text(claims, "sub"),
            realm=text(claims, "realm"),
            name=str(claims.get("name", "")),
            roles=frozenset(texts(claims, "roles")),
            posts=posts_of(texts(claims, "posts")),
            acr=str(claims["acr"]),
            sid=text(claims, "sid"),
        )
