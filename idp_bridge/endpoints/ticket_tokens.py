"""Tokens for apps that take signed tickets: signed as each can verify, and the word of a logout."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import jwt

from idp_bridge.core.app_logout import NotTold
from idp_bridge.core.clock import Clock
from idp_bridge.core.doors import Doors
from idp_bridge.core.errors import BridgeError
from idp_bridge.core.secret import new_token
from idp_bridge.core.ticket_apps import TicketRules, rules_of
from idp_bridge.core.tickets import Claims
from idp_bridge.core.visits import Visit
from idp_bridge.endpoints.outbound import NotReached, Outbound

LOGOUT_KIND = "logout+jwt"
_LOGOUT_LIFE = timedelta(minutes=2)
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class SignByKey(Protocol):
    """Signs with the bridge's present key of an algorithm; its public half is published."""

    def __call__(self, claims: Claims, *, algorithm: str, headers: Mapping[str, str]) -> str: ...


class TicketSigner:
    """A ``Signer``: with a key of the bridge, or for HS256 with the app's own secret."""

    def __init__(self, by_key: SignByKey) -> None:
        self._by_key = by_key

    def sign(self, claims: Claims, rules: TicketRules, kind: str) -> str:
        """``rules`` were found complete: HS256 has its secret."""
        headers = {"typ": kind}
        if rules.algorithm == "HS256":
            return jwt.encode(dict(claims), rules.secret, algorithm="HS256", headers=headers)
        return self._by_key(claims, algorithm=rules.algorithm, headers=headers)


class TicketTeller:
    """A ``Teller``: posts a signed ``logout_token`` that names the session as the ticket did."""

    def __init__(
        self, issuer: str, doors: Doors, signer: TicketSigner, outbound: Outbound, clock: Clock
    ) -> None:
        self._issuer = issuer
        self._doors = doors
        self._signer = signer
        self._outbound = outbound
        self._clock = clock

    async def tell(self, visit: Visit) -> None:
        """Whatever the app answers below 400 is understood."""
        try:
            token = await self._token(visit)
            status = await self._outbound.post(visit.tell, {"logout_token": token})
        except (NotReached, BridgeError) as error:
            raise NotTold(str(error)) from None
        if status >= 400:
            raise NotTold(f"answered {status}")

    async def _token(self, visit: Visit) -> str:
        app = await self._doors.app(visit.realm, visit.client_id)
        now = self._clock()
        claims = {
            "iss": self._issuer,
            "aud": visit.client_id,
            "realm": visit.realm,
            "sub": visit.user,
            "sid": visit.reference,
            "iat": int(now.timestamp()),
            "exp": int((now + _LOGOUT_LIFE).timestamp()),
            "jti": new_token(),
            "events": {_LOGOUT_EVENT: {}},
        }
        return self._signer.sign(claims, rules_of(app), LOGOUT_KIND)
