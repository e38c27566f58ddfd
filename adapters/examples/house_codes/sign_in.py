"""Signing in at one of exactly two issuers; who came back is what the adapters' verifier says.

    / --choose--> /login/workers --> Keycloak, realm workers --> /callback/workers --> session

Each issuer has its own callback, so that an answer of one can never finish a sign-in at the other
(RFC 9700, 4.4). People are keyed by (issuer, subject).
"""

import secrets
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import httpx
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from common.discovery import discovered
from common.sessions import Sessions
from common.settings import Registration, Settings

from idp_bridge_adapters.keys import RemoteKeys
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.tokens import AcrTooLow, TokenRefused, Trust, Verifier

# Following role changes within 2 s, in both directions, needs a look that is at most 2 s old.
FRESH_FOR = 2.0
MOST_ATTEMPTS = 4


class SignedOut(Exception):
    """Nobody is signed in here, or no longer."""


class Failed(Exception):
    """The answer from Keycloak does not finish a sign-in that this browser began."""


class Unreachable(Exception):
    """Keycloak does not answer, so nobody's rights are known."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person at this app; the tokens stay on the server."""

    person: Principal
    refresh_token: str
    id_token: str
    read_at: float


class Current:
    """The one session object of a browser; what it holds is replaced as a whole."""

    def __init__(self, session: Session) -> None:
        self.session = session


class SignIn:
    """Begin, finish, follow and end sign-ins. ``cookie`` is the framework's signed session."""

    def __init__(
        self,
        settings: Settings,
        realms: Mapping[str, Registration],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sessions: Sessions[Current] = Sessions()
        self._settings = settings
        self._realms = dict(realms)
        self._clock = clock
        http = httpx.Client(verify=settings.verify, timeout=5)
        self._verifier = Verifier(
            [Trust(at.issuer, at.client_id, RemoteKeys(at.issuer, http)) for at in realms.values()],
            minimum_acr=settings.required_acr,
        )
        self._metadata = cache(lambda issuer: discovered(issuer, settings.verify))

    def begin(self, realm: str, cookie: MutableMapping[str, Any], acr: str | None) -> str:
        """Where to send the browser; the attempt is remembered in its own cookie."""
        nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        asked = {"acr_values": acr} if acr else {}
        url, state = self._client(realm).create_authorization_url(
            self._endpoint(realm, "authorization_endpoint"),
            nonce=nonce,
            code_verifier=verifier,
            **asked,
        )
        attempts = {**cookie.get("attempts", {}), state: [realm, nonce, verifier]}
        cookie["attempts"] = dict(list(attempts.items())[-MOST_ATTEMPTS:])
        return str(url)

    def finish(
        self, realm: str, cookie: MutableMapping[str, Any], query: Mapping[str, str]
    ) -> None:
        """Redeem the code. The session's id is new each time, whatever the browser brought."""
        attempts = dict(cookie.get("attempts", {}))
        began_at, nonce, verifier = attempts.pop(query.get("state", ""), (None, "", ""))
        cookie["attempts"] = attempts
        issuer = self._realms[realm].issuer
        if began_at != realm or query.get("iss", issuer) != issuer or "code" not in query:
            raise Failed(query.get("error", "no such attempt"))
        token = self._fetch(realm, code=query["code"], code_verifier=verifier)
        try:
            who = self._verifier.verify_id_token(token["id_token"], issuer=issuer, nonce=nonce)
        except AcrTooLow:
            raise
        except TokenRefused as error:
            raise Failed(error.reason) from error
        self.sessions.end(cookie.get("id"))
        cookie.clear()
        session = Session(who, token["refresh_token"], token["id_token"], self._clock())
        cookie["id"] = self.sessions.begin(Current(session))

    def current(self, cookie: Mapping[str, Any]) -> Session:
        """Who is here, by what Keycloak said at most two seconds ago."""
        held = self.sessions.get(cookie.get("id"))
        if held is None:
            raise SignedOut
        if self._clock() - held.session.read_at > FRESH_FOR:
            try:
                held.session = self._read_again(held.session)
            except SignedOut:
                self.sessions.end(cookie.get("id"))
                raise
        return held.session

    def _read_again(self, was: Session) -> Session:
        asked_at = self._clock()
        try:
            token = self._fetch(
                was.person.realm, grant_type="refresh_token", refresh_token=was.refresh_token
            )
            who = self._verifier.verify_refreshed(token["id_token"], was=was.person)
        except (Failed, TokenRefused) as error:
            raise SignedOut from error
        return replace(
            was,
            person=who,
            refresh_token=token["refresh_token"],
            id_token=token["id_token"],
            read_at=asked_at,
        )

    def end(self, cookie: MutableMapping[str, Any]) -> str | None:
        """End the session here, and say where the browser ends it at Keycloak."""
        held = self.sessions.end(cookie.get("id"))
        cookie.clear()
        if held is None:
            return None
        realm = held.session.person.realm
        query = httpx.QueryParams(
            id_token_hint=held.session.id_token,
            post_logout_redirect_uri=f"{self._settings.app_url}/signed-out",
            client_id=self._realms[realm].client_id,
        )
        return f"{self._endpoint(realm, 'end_session_endpoint')}?{query}"

    def end_named(self, logout_token: str) -> None:
        """Back-channel logout, from either realm; raises ``TokenRefused``."""
        named = self._verifier.verify_logout_token(logout_token)
        self.sessions.end_where(lambda held: named.ends(held.session.person))

    def _fetch(self, realm: str, **grant: str) -> dict[str, Any]:
        try:
            token: dict[str, Any] = self._client(realm).fetch_token(
                self._endpoint(realm, "token_endpoint"), **grant
            )
        except OAuthError as error:
            raise Failed(error.error) from error
        except requests.RequestException as error:
            raise Unreachable from error
        return token

    def _client(self, realm: str) -> OAuth2Session:
        client = OAuth2Session(
            self._realms[realm].client_id,
            self._realms[realm].client_secret,
            scope="openid profile",
            redirect_uri=f"{self._settings.app_url}/callback/{realm}",
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - a method's name
            default_timeout=5,
        )
        client.verify = self._settings.verify
        return client

    def _endpoint(self, realm: str, name: str) -> str:
        try:
            return str(self._metadata(self._realms[realm].issuer)[name])
        except (httpx.HTTPError, ValueError) as error:
            raise Unreachable from error
