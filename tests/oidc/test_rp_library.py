"""An independent relying-party library (Authlib) signs in at the OP, in three ways of proof."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from cryptography.hazmat.primitives import serialization
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.fakes import FakeClock, SigningKey
from tests.oidc.world import CALLBACK, ISSUER, SECRET, ZHANG, World, location


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    clock = FakeClock()
    clock.now = datetime.now(UTC)  # the library reads the clock of the machine
    return make_world(clock=clock)


def library(world: World, client_id: str, method: str, key: SigningKey) -> Any:
    private = ECKey.import_key(pem(key))
    rp = AsyncOAuth2Client(
        client_id,
        private if method == "private_key_jwt" else SECRET,
        scope="openid profile",
        redirect_uri=CALLBACK,
        token_endpoint_auth_method=method,
        code_challenge_method="S256",
        transport=httpx.ASGITransport(app=world.app),
    )
    soon = {"exp": int(time.time()) + 60}
    proof = PrivateKeyJWT(f"{ISSUER}/token", claims=soon, headers={"kid": "k1"}, alg="ES256")
    rp.register_client_auth_method(proof)
    return rp


def pem(key: SigningKey) -> bytes:
    return key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    ("client_id", "method"),
    [
        ("app", "client_secret_basic"),
        ("by-post", "client_secret_post"),
        ("signing", "private_key_jwt"),
    ],
)
async def test_a_library_signs_in_and_accepts_what_it_gets(
    world: World, client_key: SigningKey, client_id: str, method: str
) -> None:
    browser, rp = world.browser(), library(world, client_id, method, client_key)
    found = (await browser.http.get("/.well-known/openid-configuration")).json()
    nonce, verifier = generate_token(), generate_token(48)
    url, state = rp.create_authorization_url(
        found["authorization_endpoint"], nonce=nonce, code_verifier=verifier
    )
    answer = await browser.sign_in(await browser.http.get(url))
    token = await rp.fetch_token(
        found["token_endpoint"],
        authorization_response=location(answer),
        state=state,
        code_verifier=verifier,
    )
    keys = KeySet.import_key_set((await browser.http.get(found["jwks_uri"])).json())
    decoded = jwt.decode(
        token["id_token"], keys, algorithms=found["id_token_signing_alg_values_supported"]
    )
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        options={
            "iss": {"essential": True, "value": ISSUER},
            "aud": {"essential": True, "value": client_id},
            "sub": {"essential": True, "value": ZHANG},
        },
        params={"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]},
    )
    claims.validate(leeway=5)
    person = (await rp.get(found["userinfo_endpoint"])).json()

    assert person == {"sub": ZHANG, "name": "张伟", "preferred_username": "zhangwei"}
