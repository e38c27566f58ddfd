"""The signed identity header proves who is there, to one app, for a minute."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idp_bridge_adapters.principal import Post
from idp_bridge_adapters.signed_header import HEADER, KIND, SignedHeader
from idp_bridge_adapters.testing import IssuerForTests
from idp_bridge_adapters.tokens import TokenRefused

BRIDGE = "https://bridge.test"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Bridge:
    """Signs headers, and whatever an attacker wants."""

    def __init__(self) -> None:
        self.now = NOW
        self.issuer = IssuerForTests(BRIDGE, client_id="patrol", clock=lambda: self.now)

    def header(self, typ: str = KIND, **claims: Any) -> str:
        now = int(self.now.timestamp())
        said = {
            "iss": BRIDGE,
            "aud": "patrol",
            "sub": "chen",
            "realm": "workers",
            "name": "陈静",
            "roles": ["patroller"],
            "groups": ["/baoan/xixiang/grid-12/grid-worker"],
            "acr": "password",
            "auth_time": now - 100,
            "iat": now,
            "exp": now + 60,
        }
        return self.issuer.sign({**said, **claims}, typ=typ)

    def verifier(self, app: str = "patrol") -> SignedHeader:
        return SignedHeader(BRIDGE, app, self.issuer.trust.keys, clock=lambda: self.now)


@pytest.fixture
def bridge() -> Bridge:
    return Bridge()


def test_a_header_says_who_is_there(bridge: Bridge):
    person = bridge.verifier().verify(bridge.header())

    assert (person.subject, person.name, person.realm) == ("chen", "陈静", "workers")
    assert person.roles == {"patroller"}
    assert person.posts == {Post("grid-worker", "/baoan/xixiang/grid-12")}
    assert (person.acr, person.sid) == ("password", "")
    assert HEADER == bridge.verifier().header == "X-Bridge-Identity"


def test_the_same_subject_in_two_realms_is_two_people(bridge: Bridge):
    verifier = bridge.verifier()

    assert (
        verifier.verify(bridge.header()).key
        != verifier.verify(bridge.header(realm="residents")).key
    )


def test_a_header_for_another_app_is_refused(bridge: Bridge):
    for audience in ("grid-service", ["patrol"], ["patrol", "other"], "", None):
        with pytest.raises(TokenRefused):
            bridge.verifier().verify(bridge.header(aud=audience))
    with pytest.raises(TokenRefused):
        bridge.verifier("other").verify(bridge.header())


def test_a_header_of_another_issuer_is_refused(bridge: Bridge):
    for issuer in ("https://evil.test", f"{BRIDGE}/", None):
        with pytest.raises(TokenRefused):
            bridge.verifier().verify(bridge.header(iss=issuer))


def test_no_other_token_of_the_bridge_passes_for_a_header(bridge: Bridge):
    for typ in ("JWT", "logout+jwt", "ticket+jwt", "at+jwt", ""):
        with pytest.raises(TokenRefused):
            bridge.verifier().verify(bridge.header(typ=typ))


def test_a_header_is_good_for_a_minute(bridge: Bridge):
    value, verifier = bridge.header(), bridge.verifier()
    bridge.now = NOW + timedelta(seconds=65)
    assert verifier.verify(value)

    for moment in (NOW + timedelta(seconds=71), NOW - timedelta(seconds=11)):
        bridge.now = moment
        with pytest.raises(TokenRefused):
            verifier.verify(value)


@pytest.mark.parametrize(
    "claims",
    [
        *({"exp": None}, {"iat": None}, {"exp": int(NOW.timestamp()) + 3600}, {"exp": "soon"}),
        *({"exp": 10**18}, {"iat": True}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"realm": None}),
        *({"roles": "patroller"}, {"roles": [1]}, {"groups": {"a": 1}}, {"auth_time": None}),
    ],
)
def test_a_header_that_misses_something_is_refused(bridge: Bridge, claims: dict[str, Any]):
    with pytest.raises(TokenRefused):
        bridge.verifier().verify(bridge.header(**claims))


def test_a_key_that_the_bridge_does_not_publish_signs_nothing(bridge: Bridge):
    stranger = Bridge()

    with pytest.raises(TokenRefused):
        bridge.verifier().verify(stranger.header())


def test_the_header_does_not_choose_how_it_is_read(bridge: Bridge):
    good = bridge.header()
    claims = jwt.decode(good, options={"verify_signature": False})
    key_id = jwt.get_unverified_header(good)["kid"]
    public = bridge.issuer.private_key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    headers = {"kid": key_id, "typ": KIND}
    none = jwt.encode(claims, None, algorithm="none", headers=headers)
    shared = _hs256(claims, public, headers)
    own = ec.generate_private_key(ec.SECP256R1())
    with_key = jwt.encode(claims, own, "ES256", headers={**headers, "jwk": {"kty": "EC"}})

    for forged in (none, shared, with_key, good[:-4] + "AAAA", good + "x", "", "a.b.c", "é"):
        with pytest.raises(TokenRefused):
            bridge.verifier().verify(forged)


def _hs256(claims: dict[str, Any], secret: bytes, headers: dict[str, str]) -> str:
    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signed = part({"alg": "HS256", **headers}) + b"." + part(claims)
    mark = hmac.new(secret, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()
