"""What an app behind a proxy is told: a signed identity header, and plain ones for the oldest apps.

Every answer that lets somebody in carries every header of the list, empty ones too, so that the
proxy overwrites whatever the browser sent. Texts beyond plain ASCII are percent-encoded UTF-8.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from idp_bridge.core.apps import App
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.clock import Clock
from idp_bridge.core.doors import Released, released

IDENTITY = "x-bridge-identity"
PLAIN = (
    "x-bridge-user",
    "x-bridge-name",
    "x-bridge-realm",
    "x-bridge-roles",
    "x-bridge-posts",
    "x-bridge-acr",
    "remote-user",
)
TYPE = "idpb-identity+jwt"
SIGNED_FOR = timedelta(seconds=60)
_SAFE = " !#$&'()*+-./:;<=>?@[]^_`{|}~"

Sign = Callable[..., str]
"""``sign(claims, headers=...)``: a JWT signed with the bridge's own key, ES256."""


class Identity:
    """Makes the headers of one session at one app."""

    def __init__(self, issuer: str, sign: Sign, clock: Clock) -> None:
        self._issuer = issuer
        self._sign = sign
        self._clock = clock

    def headers(
        self, app: App, session: ClientSession, *, plain: bool
    ) -> list[tuple[bytes, bytes]]:
        """The whole list. Raises ``Forbidden`` when the app could not be told who it is."""
        told = released(app, session)
        values = self._plain(app, session, told) if plain else dict.fromkeys(PLAIN, "")
        signed = self._signed(app, session, told)
        return [
            (IDENTITY.encode(), signed.encode()),
            *((name.encode(), values[name].encode()) for name in PLAIN),
        ]

    def _signed(self, app: App, session: ClientSession, told: Released) -> str:
        now = int(self._clock().timestamp())
        claims: dict[str, Any] = {
            **told.claims,
            "iss": self._issuer,
            "aud": app.client_id,
            "sub": told.user,
            "realm": app.realm,
            "name": _name(told),
            "roles": told.roles,
            "groups": told.posts,
            "acr": session.acr,
            "auth_time": int(session.auth_time.timestamp()),
            "iat": now,
            "exp": now + int(SIGNED_FOR.total_seconds()),
        }
        return self._sign(claims, headers={"typ": TYPE})

    def _plain(self, app: App, session: ClientSession, told: Released) -> dict[str, str]:
        return {
            "x-bridge-user": _text(told.user),
            "x-bridge-name": _text(_name(told)),
            "x-bridge-realm": _text(app.realm),
            "x-bridge-roles": ",".join(map(_text, told.roles)),
            "x-bridge-posts": ",".join(map(_text, told.posts)),
            "x-bridge-acr": _text(session.acr),
            "remote-user": _text(told.user),
        }


def _name(told: Released) -> str:
    return str(told.claims.get("name") or "")


def _text(value: str) -> str:
    return quote(value, safe=_SAFE)
