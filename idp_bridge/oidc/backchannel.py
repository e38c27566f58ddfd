"""Sends logout tokens to clients (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.5).

The address is the operator's, the answer is not: no redirect is followed and no body is read.
"""

from datetime import timedelta

import httpx
import structlog

from idp_bridge.core.authorization import Client
from idp_bridge.core.clock import Clock
from idp_bridge.core.secret import new_token
from idp_bridge.oidc.keys import KeySet

LIFE = timedelta(minutes=2)
PATIENCE = 3.0
EVENT = "http://schemas.openid.net/event/backchannel-logout"

log = structlog.get_logger()


class HttpLogoutSender:
    """A ``LogoutSender`` over HTTP; one that cannot be reached is tried a second time at once."""

    def __init__(self, *, http: httpx.AsyncClient, keys: KeySet, issuer: str, clock: Clock) -> None:
        self._http = http
        self._keys = keys
        self._issuer = issuer
        self._clock = clock

    async def send(self, client: Client, *, subject: str, sid: str) -> None:
        """Tell ``client`` that ``sid`` is over."""
        if not await self._try(client, subject, sid):
            await self._try(client, subject, sid)

    async def _try(self, client: Client, subject: str, sid: str) -> bool:
        form = {"logout_token": self._token(client, subject, sid)}
        try:
            async with self._http.stream(
                "POST",
                client.backchannel_logout_uri,
                data=form,
                follow_redirects=False,
                timeout=PATIENCE,
            ) as answer:
                status = answer.status_code
        except httpx.HTTPError as error:
            log.warning(
                "backchannel_logout_failed", client=client.client_id, reason=type(error).__name__
            )
            return False
        if not 200 <= status < 300:
            log.warning("backchannel_logout_refused", client=client.client_id, status=status)
        return status < 500

    def _token(self, client: Client, subject: str, sid: str) -> str:
        now = int(self._clock().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": client.client_id,
            "sub": subject,
            "sid": sid,
            "iat": now,
            "exp": now + int(LIFE.total_seconds()),
            "jti": new_token(),
            "events": {EVENT: {}},
        }
        return self._keys.sign(claims, algorithm=client.signing_alg, headers={"typ": "logout+jwt"})
