"""Tokens in, facts out: one call makes every check, and returns the fact or raises.

    ID token      --verify_id_token-->      Principal    once, when the person comes back
    ID token      --verify_refreshed-->     Principal    each time the app refreshes
    access token  --verify_access_token-->  Principal    at an app's own API
    logout token  --verify_logout_token-->  LogoutToken  at the back-channel address

An app of both realms names exactly its two issuers, and keys people by ``(issuer, subject)``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

import jwt

from idp_bridge_adapters.keys import KEY_TYPES, Keys
from idp_bridge_adapters.principal import ACR_LEVELS, Machine, Principal, acr_reaches, posts_of

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class TokenRefused(Exception):
    """The token proves nothing to this app. ``reason`` is for the log and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AcrTooLow(TokenRefused):
    """The token is in order, but the sign-in was too weak: send the person with ``acr_values``."""

    def __init__(self, acr: str, required: str) -> None:
        super().__init__(f"acr is {acr!r}, {required!r} is required")
        self.acr = acr
        self.required = required


@dataclass(frozen=True, slots=True)
class Trust:
    """One accepted issuer, and what this app is called there."""

    issuer: str
    client_id: str
    keys: Keys

    @property
    def realm(self) -> str:
        return self.issuer.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """End these sessions: the one named ``sid``, or without it all of ``subject``'s."""

    issuer: str
    jti: str
    sid: str | None
    subject: str | None

    def ends(self, principal: Principal) -> bool:
        """Whether the session of ``principal`` is meant."""
        if self.issuer != principal.issuer:
            return False
        if self.sid is not None:
            return self.sid == principal.sid
        return self.subject == principal.subject


def _now() -> datetime:
    return datetime.now(UTC)


class Verifier:
    """Verifies the tokens of one app against the issuers it trusts.

    ``minimum_acr`` is the weakest sign-in the app takes. Keycloak does not enforce it. ``machines``
    are the client ids of those that may call the app's API with an account of their own.
    """

    logout_age = timedelta(minutes=2)

    def __init__(
        self,
        trusted: Sequence[Trust],
        *,
        minimum_acr: str = "qr",
        algorithms: Sequence[str] = ("RS256", "ES256"),
        leeway: timedelta = timedelta(seconds=10),
        machines: Sequence[str] = (),
        clock: Callable[[], datetime] = _now,
    ) -> None:
        if not trusted or len({trust.issuer for trust in trusted}) != len(trusted):
            raise ValueError("name each accepted issuer once")
        if minimum_acr not in ACR_LEVELS or not set(algorithms) <= KEY_TYPES.keys():
            raise ValueError("unknown acr, or an algorithm that is not a public-key signature")
        self._trusted = {trust.issuer: trust for trust in trusted}
        self._minimum_acr = minimum_acr
        self._algorithms = tuple(algorithms)
        self._leeway = leeway
        self._machines = frozenset(machines)
        self._clock = clock

    def verify_id_token(self, token: str, *, issuer: str, nonce: str) -> Principal:
        """Who came back from ``issuer`` to the sign-in that sent ``nonce`` (OIDC Core, 3.1.3.7)."""
        claims, trust = self._verified(token, kind="ID")
        if trust.issuer != issuer:
            raise TokenRefused("another issuer than the one asked")
        if not nonce or not compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise TokenRefused("nonce is not the one sent")
        return self._principal(claims, trust)

    def verify_refreshed(self, token: str, *, was: Principal) -> Principal:
        """Who ``was`` is by now, from a refreshed ID token (OIDC Core, 12.2)."""
        claims, trust = self._verified(token, kind="ID")
        now = self._principal(claims, trust)
        if (now.key, now.sid) != (was.key, was.sid):
            raise TokenRefused("refreshed into another person or session")
        return now

    def verify_access_token(self, token: str) -> Principal:
        """Who calls this app's API; the token must be meant for this app and given to it."""
        claims, trust = self._verified(token, kind="Bearer")
        return self._principal(claims, trust)

    def verify_machine_token(self, token: str) -> Machine:
        """Which of ``machines`` calls this app's API (RFC 6749, 4.4); its name is its client id."""
        claims, trust = self._signed(token)
        machine = claims.get("azp")
        # A person's token for another app that has this one in its audience has a session.
        if claims.get("typ") != "Bearer" or machine not in self._machines or "sid" in claims:
            raise TokenRefused("not a token of a machine of this app")
        if trust.client_id not in _audience(claims):
            raise TokenRefused("meant for another app")
        self._check_times(claims)
        return Machine(
            issuer=trust.issuer,
            subject=_text(claims, "sub"),
            realm=trust.realm,
            name=str(machine),
            roles=frozenset(_roles(claims, trust.client_id)),
            posts=posts_of(_texts(claims.get("groups", []))),
            acr="",
            sid="",
        )

    def verify_logout_token(self, token: str) -> LogoutToken:
        """Whose sessions to end (OIDC Back-Channel Logout 1.0, 2.6); twice is as once."""
        claims, trust = self._verified(token, kind="Logout")
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
            raise TokenRefused("not a logout event")
        if "nonce" in claims:
            raise TokenRefused("a logout token has no nonce")
        if self._clock() - _moment(claims, "iat") > self.logout_age + self._leeway:
            raise TokenRefused("the logout token is old")
        sid, subject = _optional(claims, "sid"), _optional(claims, "sub")
        if sid is None and subject is None:
            raise TokenRefused("a logout token names a session or a subject")
        return LogoutToken(trust.issuer, _text(claims, "jti"), sid, subject)

    def _verified(self, token: str, *, kind: str) -> tuple[Mapping[str, Any], Trust]:
        claims, trust = self._signed(token)
        # One key signs every kind: without this a logout or access token would do as an ID token.
        if claims.get("typ") != kind:
            raise TokenRefused(f"not of kind {kind}")
        self._check_audience(claims, trust)
        self._check_times(claims)
        return claims, trust

    def _signed(self, token: str) -> tuple[Mapping[str, Any], Trust]:
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
            trust = self._trusted.get(claimed) if isinstance(claimed, str) else None
            if trust is None:
                raise TokenRefused("issuer is not accepted")
            return self._decoded(token, header, trust), trust
        except jwt.PyJWTError as error:
            raise TokenRefused(f"not a token: {type(error).__name__}") from error

    def _decoded(self, token: str, header: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        algorithm, key_id = header.get("alg"), header.get("kid")
        # The token may choose among what we allow, never add to it (CVE-2024-33663 and family).
        if algorithm not in self._algorithms or not isinstance(key_id, str):
            raise TokenRefused("algorithm or key id is not acceptable")
        key = trust.keys.find(key_id, algorithm)
        if key is None:
            raise TokenRefused("signed by an unknown key")
        # PyJWT checks the signature; moments and audience are ours, against the injected clock.
        unchecked = dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud"), False)
        return jwt.decode(token, key, algorithms=[algorithm], options=unchecked)  # type: ignore[arg-type]

    @staticmethod
    def _check_audience(claims: Mapping[str, Any], trust: Trust) -> None:
        meant_for = _audience(claims)
        if trust.client_id not in meant_for:
            raise TokenRefused("meant for another app")
        given_to = claims.get("azp")
        if given_to is None and len(meant_for) > 1:
            raise TokenRefused("several audiences and no azp")
        if given_to is not None and given_to != trust.client_id:
            raise TokenRefused("given to another app")

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._clock()
        if now - self._leeway >= _moment(claims, "exp"):
            raise TokenRefused("expired")
        if _moment(claims, "iat") > now + self._leeway:
            raise TokenRefused("issued in the future")
        if "nbf" in claims and _moment(claims, "nbf") > now + self._leeway:
            raise TokenRefused("not valid yet")

    def _principal(self, claims: Mapping[str, Any], trust: Trust) -> Principal:
        acr = _optional(claims, "acr") or ""
        if not acr_reaches(acr, self._minimum_acr):
            raise AcrTooLow(acr, self._minimum_acr)
        return Principal(
            issuer=trust.issuer,
            subject=_text(claims, "sub"),
            realm=trust.realm,
            name=_optional(claims, "name") or _optional(claims, "preferred_username") or "",
            roles=frozenset(_roles(claims, trust.client_id)),
            posts=posts_of(_texts(claims.get("groups", []))),
            acr=acr,
            sid=_text(claims, "sid"),
            auth_time=_moment(claims, "auth_time") if "auth_time" in claims else None,
        )


def _audience(claims: Mapping[str, Any]) -> list[Any]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def _roles(claims: Mapping[str, Any], client_id: str) -> list[str]:
    access = claims.get("resource_access", {})
    mine = access.get(client_id, {}) if isinstance(access, dict) else None
    if not isinstance(mine, dict):
        raise TokenRefused("resource_access is malformed")
    return _texts(mine.get("roles", []))


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TokenRefused("a claim is not a list of texts")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = _optional(claims, name)
    if not value:
        raise TokenRefused(f"{name} is missing")
    return value


def _optional(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise TokenRefused(f"{name} is not a text")
    return value


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if not isinstance(value, int | float):
        raise TokenRefused(f"{name} is not a moment")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise TokenRefused(f"{name} is not a moment") from error
