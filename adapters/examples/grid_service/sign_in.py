"""Signing in with Authlib's Starlette client, and following the person's roles from then on.

/login -> Keycloak -> /callback -> session        (state, nonce, PKCE S256)
each request: older than 2 s? refresh -> today's roles, or the session is over
/backchannel-logout: Keycloak says that a session ended
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from common.claims import Person, is_logout, is_meant, person
from common.sessions import Sessions
from common.settings import Registration, Settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request
from starlette.responses import Response

ALGORITHMS = ["RS256", "ES256"]
# Following role changes within 2 s, in both directions, needs a look that is at most 2 s old.
FRESH_FOR = 2.0
MOST_ATTEMPTS = 4


class SignedOut(Exception):
    """Nobody is signed in here, or no longer."""


class Unreachable(Exception):
    """Keycloak does not answer, so nobody's rights are known."""


@dataclass(slots=True)
class Session:
    """A person at this app; the tokens stay on the server."""

    person: Person
    refresh_token: str
    id_token: str
    read_at: float


class SignIn:
    """One app's sign-in at one issuer."""

    def __init__(
        self,
        settings: Settings,
        registered: Registration,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sessions: Sessions[Session] = Sessions()
        self._settings = settings
        self._registered = registered
        self._clock = clock
        self._client = OAuth().register(
            name="district",
            client_id=registered.client_id,
            client_secret=registered.client_secret,
            server_metadata_url=f"{registered.issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic",
                "verify": settings.verify,
                "timeout": 5,
            },
        )

    async def begin(self, request: Request, acr: str | None) -> Response:
        """Send the browser to Keycloak; ``acr`` asks for a stronger proof than there was."""
        await self._ready()
        # The attempts live in the signed cookie, which has room for a few.
        attempts = [key for key in request.session if key.startswith("_state_")]
        for key in attempts[: -MOST_ATTEMPTS + 1]:
            del request.session[key]
        asked = {"acr_values": acr} if acr else {}
        callback = f"{self._settings.app_url}/callback"
        redirect: Response = await self._client.authorize_redirect(request, callback, **asked)
        return redirect

    async def finish(self, request: Request) -> None:
        """Redeem the code. The session's id is new each time, whatever the browser brought."""
        await self._ready()
        token = await self._client.authorize_access_token(
            request, claims_options=self._claims_options()
        )
        session = self._session(token, token["userinfo"])
        self.sessions.end(request.session.get("id"))
        request.session.clear()
        request.session["id"] = self.sessions.begin(session)

    async def current(self, request: Request) -> Session:
        """Who is here, by what Keycloak said at most two seconds ago."""
        session_id = request.session.get("id")
        session = self.sessions.get(session_id)
        if session is None:
            raise SignedOut
        if self._clock() - session.read_at > FRESH_FOR:
            try:
                await self._read_again(session)
            except SignedOut:
                self.sessions.end(session_id)
                raise
        return session

    async def _read_again(self, session: Session) -> None:
        asked_at = self._clock()
        await self._ready()
        try:
            token = await self._client.fetch_access_token(
                grant_type="refresh_token", refresh_token=session.refresh_token
            )
            claims = await self._client.parse_id_token(
                token, nonce=None, claims_options=self._claims_options()
            )
            now = self._person(claims)
        except httpx.HTTPError as error:
            raise Unreachable from error
        except (OAuthError, JoseError) as error:
            raise SignedOut from error
        if (now.subject, now.sid) != (session.person.subject, session.person.sid):
            raise SignedOut
        session.person, session.read_at = now, asked_at
        session.refresh_token, session.id_token = token["refresh_token"], token["id_token"]

    async def end(self, request: Request) -> str:
        """End the session here, and say where the browser ends it at Keycloak."""
        session = self.sessions.end(request.session.get("id"))
        request.session.clear()
        await self._ready()
        hint = {"id_token_hint": session.id_token} if session else {}
        there = await self._client.create_logout_url(
            post_logout_redirect_uri=f"{self._settings.app_url}/signed-out",
            client_id=self._registered.client_id,
            **hint,
        )
        return str(there["url"])

    async def end_named(self, logout_token: str) -> bool:
        """Back-channel logout: whether the token was in order; its sessions are over then."""
        await self._ready()
        try:
            claims = await self._logout_claims(logout_token)
        except (JoseError, ValueError):
            return False
        if not is_logout(claims):
            return False
        self.sessions.end_where(lambda session: is_meant(claims, session.person))
        return True

    async def _logout_claims(self, logout_token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(await self._client.fetch_jwk_set())
        token = jwt.decode(logout_token, keys, algorithms=ALGORITHMS)
        rules = {name: {"essential": True} for name in ("exp", "iat", "jti")}
        options = {**rules, **self._claims_options()}
        jwt.JWTClaimsRegistry(leeway=10, **options).validate(token.claims)
        return token.claims

    def _session(self, token: dict[str, Any], claims: dict[str, Any]) -> Session:
        who = self._person(claims)
        return Session(who, token["refresh_token"], token["id_token"], self._clock())

    def _person(self, claims: dict[str, Any]) -> Person:
        # One key of Keycloak signs every kind of token; Authlib does not look at the kind.
        if claims.get("typ") != "ID":
            raise OAuthError("invalid_token", "not an ID token")
        return person(claims, self._registered.client_id)

    def _claims_options(self) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": self._registered.issuer},
            "aud": {"essential": True, "value": self._registered.client_id},
        }

    async def _ready(self) -> None:
        try:
            metadata = await self._client.load_server_metadata()
        except httpx.HTTPError as error:
            raise Unreachable from error
        if metadata["issuer"] != self._registered.issuer:
            raise Unreachable("the discovery document names another issuer")
        # Keycloak lists HS256 too; an ID token signed with a shared secret is never taken.
        metadata["id_token_signing_alg_values_supported"] = ALGORITHMS
