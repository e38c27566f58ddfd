"""The signed identity header, for apps behind a proxy that asks the bridge about every request.

    header = SignedHeader("https://bridge.example", "patrol", RemoteKeys(issuer, http))
    person = header.verify(request.headers[HEADER])

A plain header is as good as whoever reaches the app's port; this one is as good as the bridge's
signature: for this app only, for a minute, and never taken for a token of another kind.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from idp_bridge_adapters.claims import text, texts
from idp_bridge_adapters.keys import Keys
from idp_bridge_adapters.principal import Principal, posts_of
from idp_bridge_adapters.tokens import TokenRefused

HEADER = "X-Bridge-Identity"
KIND = "idpb-identity+jwt"
_ALGORITHM = "ES256"
_UNCHECKED: Any = dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud"), False)


def _now() -> datetime:
    return datetime.now(UTC)


class SignedHeader:
    """Verifies the header of one app; ``issuer`` is the bridge, ``app`` the app's id there.

    The issuer of the ``Principal`` is the bridge's realm: the same subject in two realms is two
    people. ``sid`` is empty, for the bridge ends such sessions by itself.
    """

    header = HEADER
    leeway = timedelta(seconds=10)
    life = timedelta(seconds=60)

    def __init__(
        self, issuer: str, app: str, keys: Keys, clock: Callable[[], datetime] = _now
    ) -> None:
        self._issuer = issuer
        self._app = app
        self._keys = keys
        self._clock = clock

    def verify(self, value: str) -> Principal:
        """Who is there. Raises ``TokenRefused``, ``KeysUnavailable``."""
        claims = self._signed(value)
        self._check_times(claims)
        realm = text(claims, "realm")
        return Principal(
            issuer=f"{self._issuer}/realms/{realm}",
            subject=text(claims, "sub"),
            realm=realm,
            name=str(claims.get("name", "")),
            roles=frozenset(texts(claims, "roles")),
            posts=posts_of(texts(claims, "groups")),
            acr=str(claims.get("acr", "")),
            sid="",
            auth_time=_moment(claims, "auth_time"),
        )

    def _signed(self, value: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(value)
            # The token never chooses how it is read.
            if (header.get("alg"), header.get("typ")) != (_ALGORITHM, KIND):
                raise TokenRefused("not a signed identity header")
            key = self._keys.find(str(header.get("kid", "")), _ALGORITHM)
            if key is None:
                raise TokenRefused("signed by an unknown key")
            claims: dict[str, Any] = jwt.decode(
                value,
                key,
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                options=_UNCHECKED,
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(f"not a token: {type(error).__name__}") from error
        # Exactly one audience: a list with more could be shown to each of them.
        if claims.get("aud") != self._app:
            raise TokenRefused("meant for another app")
        return claims

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now, issued, expires = self._clock(), _moment(claims, "iat"), _moment(claims, "exp")
        if expires - issued > self.life:
            raise TokenRefused("good for too long")
        if not issued - self.leeway <= now < expires + self.leeway:
            raise TokenRefused("expired, or issued in the future")


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**40:
        raise TokenRefused(f"{name} is no moment")
    return datetime.fromtimestamp(value, UTC)
