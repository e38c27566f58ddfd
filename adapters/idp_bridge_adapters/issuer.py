"""One issuer as its client sees it: where to send a browser, and tokens for a code."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from idp_bridge_adapters.app import Registration
from idp_bridge_adapters.errors import SignInFailed, Unreachable
from idp_bridge_adapters.steps import Answer, Fetch, Steps


class Issuer:
    """Speaks to one realm. What the realm says of itself is read once and kept."""

    def __init__(self, registration: Registration) -> None:
        self.registration = registration
        self._metadata: Mapping[str, Any] | None = None

    def authorize_url(self, asked: Mapping[str, str], verifier: str) -> Steps[str]:
        """Where a sign-in begins; the code is bound to ``verifier`` (RFC 7636)."""
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": self.registration.client_id,
            "scope": "openid profile",
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            **asked,
        }
        endpoint = yield from self._endpoint("authorization_endpoint")
        return f"{endpoint}?{urlencode(query)}"

    def end_url(self, query: Mapping[str, str]) -> Steps[str]:
        """Where a browser ends its session at the issuer."""
        endpoint = yield from self._endpoint("end_session_endpoint")
        return f"{endpoint}?{urlencode({'client_id': self.registration.client_id, **query})}"

    def tokens(self, **form: str) -> Steps[Mapping[str, str]]:
        """Redeem a code or a refresh token; raises ``SignInFailed`` when it is worth nothing."""
        endpoint = yield from self._endpoint("token_endpoint")
        login = (self.registration.client_id, self.registration.client_secret)
        answer: Answer = yield Fetch("POST", endpoint, form, login)
        if answer.status >= 500 or answer.status == 429:
            raise Unreachable(f"the issuer answered {answer.status}")
        named = {name: answer.body.get(name) for name in ("id_token", "refresh_token")}
        if answer.status != 200 or not all(isinstance(text, str) for text in named.values()):
            raise SignInFailed(str(answer.body.get("error", "no tokens"))[:40])
        return {name: str(text) for name, text in named.items()}

    def names_itself(self) -> Steps[bool]:
        """Whether every answer of this issuer says whose it is (RFC 9207)."""
        metadata = yield from self._described()
        return metadata.get("authorization_response_iss_parameter_supported") is True

    def _endpoint(self, name: str) -> Steps[str]:
        metadata = yield from self._described()
        endpoint = metadata.get(name)
        if not isinstance(endpoint, str):
            raise Unreachable(f"the issuer has no {name}")
        return endpoint

    def _described(self) -> Steps[Mapping[str, Any]]:
        if self._metadata is None:
            issuer = self.registration.issuer
            answer: Answer = yield Fetch("GET", f"{issuer}/.well-known/openid-configuration")
            if answer.status != 200 or answer.body.get("issuer") != issuer:
                raise Unreachable("the discovery document is not the issuer's")
            self._metadata = answer.body
        return self._metadata
