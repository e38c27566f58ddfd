"""The bridge as a relying party of one realm: code flow, PKCE S256, ``private_key_jwt``.

The browser is sent to Keycloak's public address; the bridge itself may ask at an internal one. What
comes back is believed only after both tokens were verified and agree with one another.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidGrant, InvalidRequest, NotSignedIn, Unavailable
from idp_bridge.core.relying_party import LogoutToken, Tokens
from idp_bridge.core.secret import digest, new_token, same
from idp_bridge.core.store import Store
from idp_bridge.keycloak.jws import BadToken, Expected, RealmKeys, Verified, audiences

Sign = Callable[[Mapping[str, Any]], str]

_ASSERTION_LIFE = timedelta(seconds=60)
_LOGOUT_AGE = timedelta(minutes=2)
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SCOPE = "openid profile"
# Of the access token these speak of the token; everything else speaks of the person.
_OF_THE_TOKEN = frozenset(
    {"exp", "iat", "nbf", "jti", "iss", "aud", "sub", "typ", "azp", "scope", "allowed-origins"}
)
_NOT_THE_PERSON = frozenset({"invalid_client", "unauthorized_client"})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Registration:
    """Our client in a realm. ``internal_url`` is Keycloak's address as the bridge reaches it."""

    realm: str
    client_id: str
    keycloak_url: str
    internal_url: str = ""

    @property
    def issuer(self) -> str:
        return f"{self.keycloak_url}/realms/{self.realm}"

    def public(self, endpoint: str) -> str:
        return f"{self.issuer}/protocol/openid-connect/{endpoint}"

    def internal(self, endpoint: str) -> str:
        base = self.internal_url or self.keycloak_url
        return f"{base}/realms/{self.realm}/protocol/openid-connect/{endpoint}"


class KeycloakRelyingParty:
    """``RelyingParty`` for one ``Registration``. ``sign`` makes a JWT with the bridge's own key."""

    def __init__(
        self,
        registration: Registration,
        *,
        http: httpx.AsyncClient,
        sign: Sign,
        store: Store,
        clock: Clock,
    ) -> None:
        self._at = registration
        self._http = http
        self._sign = sign
        self._store = store
        self._clock = clock
        self._keys = RealmKeys(http, registration.internal("certs"), clock)

    @property
    def realm(self) -> str:
        return self._at.realm

    @property
    def client_id(self) -> str:
        return self._at.client_id

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_challenge: str,
        extra: Mapping[str, str],
    ) -> str:
        ours = {
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": _SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._at.public('auth')}?{urlencode({**extra, **ours})}"

    async def exchange(
        self, *, code: str, redirect_uri: str, code_verifier: str, nonce: str
    ) -> Tokens:
        answer = await self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": code_verifier,
            }
        )
        try:
            return await self._believe(_good(answer), nonce=nonce)
        except BadToken as error:
            raise InvalidGrant(f"keycloak {self.realm}: {error}") from error

    async def refresh(self, refresh_token: str) -> Tokens:
        answer = await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})
        if answer.get("error") in _NOT_THE_PERSON:
            raise Unavailable(f"keycloak {self.realm}: refuses {self.client_id}")
        try:
            return await self._believe({"refresh_token": refresh_token} | _good(answer))
        except BadToken as error:
            raise NotSignedIn(f"keycloak {self.realm}: {error}") from error

    def logout_url(self, *, id_token_hint: str, post_logout_redirect_uri: str) -> str:
        query = {
            "client_id": self.client_id,
            "id_token_hint": id_token_hint,
            "post_logout_redirect_uri": post_logout_redirect_uri,
        }
        return f"{self._at.public('logout')}?{urlencode(query)}"

    async def verify_logout_token(self, logout_token: str) -> LogoutToken:
        try:
            token = await self._keys.verify(logout_token, Expected(self._at.issuer, "Logout"))
            said = self._logout(token)
        except BadToken as error:
            raise InvalidRequest(f"logout token: {error}") from error
        # Twice the age, so that a token outlives its own trace on no clock.
        key = f"logout-jti:{self.realm}:{self.client_id}:{digest(said.jti)}"
        if not await self._store.swap(key, None, b"1", _LOGOUT_AGE * 2):
            raise InvalidRequest("logout token: seen before")
        return said

    def _logout(self, token: Verified) -> LogoutToken:
        claims = token.claims
        oldest = (self._clock() - _LOGOUT_AGE).timestamp()
        events = claims.get("events")
        sid, subject, jti = claims.get("sid"), claims.get("sub"), claims.get("jti")
        rules = {
            "not a logout token": token.header.get("typ") == "logout+jwt",
            "for another client": self.client_id in audiences(claims),
            "too old": claims["iat"] >= oldest,
            "no logout event": isinstance(events, dict)
            and isinstance(events.get(_LOGOUT_EVENT), dict),
            "with a nonce": "nonce" not in claims,
            "of nobody": isinstance(sid or subject, str),
            "no jti": isinstance(jti, str) and jti != "",
        }
        _hold(rules)
        return LogoutToken(jti=str(jti), sid=sid, subject=subject)

    async def _token(self, form: Mapping[str, str]) -> dict[str, Any]:
        now = self._clock()
        assertion = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self._at.issuer,
            "jti": new_token(),
            "iat": int(now.timestamp()),
            "exp": int((now + _ASSERTION_LIFE).timestamp()),
        }
        proof = {
            "client_id": self.client_id,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._sign(assertion),
        }
        try:
            answer = await self._http.post(self._at.internal("token"), data={**form, **proof})
            said = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"keycloak {self.realm}: {type(error).__name__}") from error
        if answer.status_code >= 500 or answer.status_code == 429 or not isinstance(said, dict):
            raise Unavailable(f"keycloak {self.realm}: answered {answer.status_code}")
        if answer.status_code != 200:
            log.info(
                "keycloak_refused",
                realm=self.realm,
                client=self.client_id,
                error=said.get("error"),
                reason=said.get("error_description"),
            )
            return {"error": said.get("error") or "refused"}
        return said

    async def _believe(self, answer: Mapping[str, Any], nonce: str | None = None) -> Tokens:
        issuer = self._at.issuer
        id_token = await self._keys.verify(answer["id_token"], Expected(issuer, "ID"))
        access = await self._keys.verify(answer["access_token"], Expected(issuer, "Bearer"))
        who, may = id_token.claims, access.claims
        said_nonce = str(who.get("nonce", ""))
        _hold(
            {
                "for another client": self.client_id in audiences(who),
                "given to another client": who.get("azp") == may.get("azp") == self.client_id,
                "no subject": isinstance(who.get("sub"), str) and who["sub"] != "",
                "no sid": isinstance(who.get("sid"), str) and who["sid"] != "",
                "of two people": who.get("sub") == may.get("sub"),
                "of two sessions": who.get("sid") == may.get("sid"),
                "another nonce": nonce is None or same(said_nonce, nonce),
                "another access token": _belongs(id_token, answer["access_token"]),
                "no auth_time": isinstance(who.get("auth_time"), int),
            }
        )
        rights = {name: value for name, value in may.items() if name not in _OF_THE_TOKEN}
        return Tokens(
            subject=who["sub"],
            sid=who["sid"],
            acr=str(who.get("acr", "")),
            auth_time=datetime.fromtimestamp(who["auth_time"], UTC),
            claims={**rights, **who, **_roles(rights)},
            id_token=answer["id_token"],
            refresh_token=answer.get("refresh_token", ""),
        )


def _good(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise BadToken(f"refused: {answer['error']}")
    if not all(isinstance(answer.get(name), str) for name in ("id_token", "access_token")):
        raise BadToken("a token is missing")
    return answer


def _hold(rules: Mapping[str, bool]) -> None:
    for what, holds in rules.items():
        if not holds:
            raise BadToken(what)


def _roles(rights: Mapping[str, Any]) -> dict[str, Any]:
    """Roles are the access token's alone."""
    return {name: rights.get(name) or {} for name in ("realm_access", "resource_access")}


def _belongs(id_token: Verified, access_token: str) -> bool:
    """``at_hash`` (OpenID Connect Core 3.1.3.6): half of a hash as wide as the signature's."""
    said = id_token.claims.get("at_hash")
    if said is None:
        return True
    width = id_token.algorithm[-3:]
    name = f"sha{width}" if width.isdigit() else "sha512"
    whole = hashlib.new(name, access_token.encode()).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()
    return same(str(said), half)
