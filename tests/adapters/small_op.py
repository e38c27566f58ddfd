"""A small OpenID Provider of our own: real HTTP, real signatures, one person who always agrees.

Strict about what a relying party must do: registered redirect, PKCE S256, basic authentication, a
code once. ``OpenIdProvider.claims`` may change between two requests, as roles do.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from idp_bridge_adapters.testing import IssuerForTests

SECRET = "a-client-secret-of-the-tests"


class OpenIdProvider:
    """One realm at ``issuer``, with one client."""

    def __init__(self, issuer: str, client_id: str, redirect_uri: str, sign_out_uri: str) -> None:
        self.tokens = IssuerForTests(issuer, client_id=client_id)
        self.redirect_uri = redirect_uri
        self.sign_out_uri = sign_out_uri
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.afresh()

    def afresh(self) -> None:
        """One person, signed in, with no role."""
        self.claims: dict[str, Any] = {"subject": "u1", "name": "陈网格", "sid": "s1"}
        self.session_lives = True
        self.answers = True

    @property
    def issuer(self) -> str:
        return self.tokens.issuer

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/jwks", self._jwks),
            Route("/end", self._end),
        ]

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "end_session_endpoint": f"{self.issuer}/end",
                # As Keycloak lists it, shared-secret algorithms included.
                "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256"],
            }
        )

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse(self.tokens.jwks)

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["redirect_uri"] == self.redirect_uri
        assert asked["client_id"] == self.tokens.client_id
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["state"]) >= 16
        assert len(asked["nonce"]) >= 16
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        return RedirectResponse(f"{self.redirect_uri}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        if not self.answers:
            return Response(status_code=503)
        form = {name: str(value) for name, value in (await request.form()).items()}
        user, _, secret = (
            base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
            .decode()
            .partition(":")
        )
        if (user, secret) != (self.tokens.client_id, SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        if form["grant_type"] == "refresh_token":
            good = self.session_lives and form["refresh_token"] == "refresh"
            return self._granted(None) if good else self._refused()
        asked = self._codes.pop(form["code"], None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return self._refused()
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            self._granted(asked["nonce"])
            if challenge == asked["code_challenge"]
            else self._refused()
        )

    def _granted(self, nonce: str | None) -> Response:
        claims = {"nonce": nonce, **self.claims}
        return JSONResponse(
            {
                "access_token": self.tokens.access_token(**claims),
                "id_token": self.tokens.id_token(**claims),
                "refresh_token": "refresh",
                "token_type": "Bearer",
                "expires_in": 300,
            }
        )

    @staticmethod
    def _refused() -> Response:
        return JSONResponse({"error": "invalid_grant"}, 400)

    async def _end(self, request: Request) -> Response:
        assert request.query_params["post_logout_redirect_uri"] == self.sign_out_uri
        assert request.query_params["id_token_hint"].count(".") == 2
        self.session_lives = False
        return RedirectResponse(self.sign_out_uri, 302)


@contextmanager
def served(port: int, *providers: OpenIdProvider) -> Iterator[None]:
    """Serve each provider under the last segment of its issuer's path, on a thread."""
    mounts = [
        Mount("/realms/" + op.issuer.rpartition("/")[2], routes=op.routes()) for op in providers
    ]
    config = uvicorn.Config(Starlette(routes=mounts), port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        thread.join(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
