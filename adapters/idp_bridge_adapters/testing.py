"""For an app owner's own tests: real tokens, and a bridge in memory that an SDK talks to.

    bridge = FakeBridge(client_id="booking")
    sign_on = SignOn(bridge.app(), around=bridge.around)
    there = client.get("/login", follow_redirects=False).headers["location"]
    client.get(bridge.sign_in(there, roles=["counsellor"]))     # in
    bridge.change(roles=[])
    bridge.wait(3)
    client.get("/bookings")                                     # refused

``IssuerForTests`` alone makes tokens for a ``Verifier``.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from idp_bridge_adapters.app import App, Registration
from idp_bridge_adapters.front import Surroundings
from idp_bridge_adapters.keys import KeySet
from idp_bridge_adapters.tokens import LOGOUT_EVENT, Trust


def _now() -> datetime:
    return datetime.now(UTC)


class IssuerForTests:
    """Signs what it is told to. ``claims`` override or add; a claim set to None is left out."""

    def __init__(
        self,
        issuer: str = "https://idp.test/realms/workers",
        *,
        client_id: str = "app",
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._clock = clock
        self.rotate()

    def rotate(self) -> None:
        """Take a new key; tokens of the old one are no longer verifiable."""
        self.key_id = secrets.token_hex(8)
        self.private_key = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The published key set."""
        public = ECAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.key_id, "alg": "ES256", "use": "sig"}]}

    @property
    def trust(self) -> Trust:
        """What an app gives to ``Verifier``; holds the key of this moment."""
        return Trust(self.issuer, self.client_id, KeySet(self.jwks["keys"]))

    def id_token(
        self,
        *,
        nonce: str | None = None,
        subject: str = "somebody",
        roles: Iterable[str] = (),
        groups: Iterable[str] = (),
        **claims: Any,
    ) -> str:
        """An ID token as Keycloak's mappers of the bridge write it."""
        return self.sign(
            {**self._person(subject, roles, groups), "typ": "ID", "nonce": nonce, **claims}
        )

    def access_token(
        self,
        *,
        subject: str = "somebody",
        roles: Iterable[str] = (),
        groups: Iterable[str] = (),
        **claims: Any,
    ) -> str:
        """An access token for the app's own API."""
        return self.sign({**self._person(subject, roles, groups), "typ": "Bearer", **claims})

    def logout_token(self, *, sid: str | None = "session", **claims: Any) -> str:
        """A back-channel logout token."""
        stated = {"typ": "Logout", "sid": sid, "events": {LOGOUT_EVENT: {}}, **claims}
        return self.sign({**self._envelope(timedelta(minutes=2)), **stated}, typ="logout+jwt")

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """Sign ``claims`` as they are, without those that are None."""
        stated = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(
            stated, self.private_key, algorithm="ES256", headers={"kid": self.key_id, **header}
        )

    def _envelope(self, life: timedelta) -> dict[str, Any]:
        now = self._clock()
        return {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "jti": secrets.token_hex(8),
        }

    def _person(self, subject: str, roles: Iterable[str], groups: Iterable[str]) -> dict[str, Any]:
        return {
            **self._envelope(timedelta(minutes=5)),
            "azp": self.client_id,
            "sub": subject,
            "name": "测试 Somebody",
            "sid": "session",
            "acr": "password",
            "auth_time": int(self._clock().timestamp()),
            "resource_access": {self.client_id: {"roles": list(roles)}},
            "groups": list(groups),
        }


class FakeBridge:
    """Plays the issuers' endpoints towards one app, as strictly as they are: a registered redirect,
    PKCE, the client's secret, codes and refresh tokens once. ``answers`` may be set to False.
    """

    def __init__(
        self,
        *,
        client_id: str = "app",
        realms: Iterable[str] = ("workers",),
        base_url: str = "https://app.test",
    ) -> None:
        self._ahead = timedelta()
        self.base_url = base_url
        self.answers = True
        self.issuers = {
            realm: IssuerForTests(
                f"https://idp.test/realms/{realm}", client_id=client_id, clock=self.clock
            )
            for realm in realms
        }
        self.client_secret = secrets.token_urlsafe(24)
        self.asked: list[dict[str, str]] = []
        self._people: dict[str, dict[str, Any]] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh: dict[str, str] = {}

    def app(self, **changes: Any) -> App:
        """The app as it is registered here; ``changes`` are fields of ``App``."""
        registered = tuple(
            Registration(issuer.issuer, issuer.client_id, self.client_secret)
            for issuer in self.issuers.values()
        )
        return App(**{"base_url": self.base_url, "registrations": registered, **changes})

    @property
    def around(self) -> Surroundings:
        """What an SDK reaches this bridge through."""
        return Surroundings(transport=httpx.MockTransport(self._answer), clock=self.clock)

    def clock(self) -> datetime:
        """The time here, which is the time of the app too."""
        return _now() + self._ahead

    def wait(self, seconds: float) -> None:
        """Let time pass, at once."""
        self._ahead += timedelta(seconds=seconds)

    def sign_in(self, location: str, *, sid: str = "session", **claims: Any) -> str:
        """A person agrees at ``location``, where the app sent them: where they come back to."""
        parts = urlsplit(location)
        realm, asked = parts.path.split("/")[2], dict(parse_qsl(parts.query))
        assert asked["client_id"] == self.issuers[realm].client_id
        assert asked["redirect_uri"] == f"{self.base_url}/callback/{realm}"
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert min(len(asked["state"]), len(asked["nonce"])) >= 16
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self._people[sid] = {"sid": sid, **claims}
        self._codes[code] = {**asked, "sid": sid, "realm": realm}
        answer = {"state": asked["state"], "code": code, "iss": self.issuers[realm].issuer}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def change(self, sid: str = "session", **claims: Any) -> None:
        """What an administrator changes: the next look at the session ``sid`` says so."""
        self._people[sid] |= claims

    def end(self, sid: str = "session") -> None:
        """The session ends at the issuer; an app hears of it by ``logout_token`` or by itself."""
        self._people.pop(sid, None)

    def machine_token(self, machine: str, **claims: Any) -> str:
        """What one of the app's machines calls its API with."""
        realm = claims.pop("realm", next(iter(self.issuers)))
        own = {"azp": machine, "sid": None, "acr": None, "auth_time": None}
        return self.issuers[realm].access_token(**{**own, "subject": f"of {machine}", **claims})

    def logout_token(self, sid: str | None = "session", **claims: Any) -> str:
        """What the issuer posts to ``/backchannel-logout``."""
        realm = claims.pop("realm", next(iter(self.issuers)))
        return self.issuers[realm].logout_token(sid=sid, **claims)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        _, _, realm, *rest = request.url.path.split("/")
        if not self.answers or realm not in self.issuers:
            return httpx.Response(503)
        issuer = self.issuers[realm]
        match "/".join(rest):
            case ".well-known/openid-configuration":
                return httpx.Response(200, json=_description(issuer.issuer))
            case "jwks":
                return httpx.Response(200, json=issuer.jwks)
            case "token":
                return self._token(request, issuer, realm)
        return httpx.Response(404)

    def _token(self, request: httpx.Request, issuer: IssuerForTests, realm: str) -> httpx.Response:
        login = f"{issuer.client_id}:{self.client_secret}".encode()
        if request.headers["authorization"] != f"Basic {base64.b64encode(login).decode()}":
            return httpx.Response(401, json={"error": "invalid_client"})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if form["grant_type"] == "refresh_token":
            sid = self._refresh.pop(form["refresh_token"], "")
            return self._granted(issuer, sid, None)
        asked = self._codes.pop(form["code"], {})
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        bound = (form["redirect_uri"], challenge, realm)
        if bound != tuple(map(asked.get, ("redirect_uri", "code_challenge", "realm"))):
            return httpx.Response(400, json={"error": "invalid_grant"})
        return self._granted(issuer, asked["sid"], asked["nonce"])

    def _granted(self, issuer: IssuerForTests, sid: str, nonce: str | None) -> httpx.Response:
        claims = self._people.get(sid)
        if claims is None:
            return httpx.Response(400, json={"error": "invalid_grant"})
        refresh_token = secrets.token_urlsafe(16)
        self._refresh[refresh_token] = sid
        id_token = issuer.id_token(**{"nonce": nonce, **claims})
        return httpx.Response(200, json={"id_token": id_token, "refresh_token": refresh_token})


def _description(issuer: str) -> dict[str, Any]:
    ends = {"authorization": "authorize", "token": "token", "end_session": "end"}
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/jwks",
        "authorization_response_iss_parameter_supported": True,
        **{f"{name}_endpoint": f"{issuer}/{end}" for name, end in ends.items()},
    }
