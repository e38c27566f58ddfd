"""What Keycloak answers is believed only when it is signed, ours, in time and of one piece."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from idp_bridge.core.errors import InvalidGrant, InvalidRequest, NotSignedIn, Unavailable
from idp_bridge.keycloak.relying_party import KeycloakRelyingParty, Registration
from idp_bridge.store.memory import MemoryStore
from tests.fakes import FakeClock
from tests.keycloak.small_keycloak import (
    CLIENT,
    INTERNAL,
    ISSUER,
    SigningKey,
    SmallKeycloak,
    at_hash,
    unsigned,
)

CODE = {
    "code": "c-1",
    "redirect_uri": "https://work.example/callback",
    "code_verifier": "v-1",
    "nonce": "n-1",
}
OUR_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keycloak(clock: FakeClock) -> SmallKeycloak:
    return SmallKeycloak(lambda: clock().timestamp())


@pytest.fixture
def party(keycloak: SmallKeycloak, clock: FakeClock) -> KeycloakRelyingParty:
    return KeycloakRelyingParty(
        Registration("workers", CLIENT, "https://sso.example", INTERNAL),
        http=keycloak.http(),
        sign=lambda claims: jwt.encode(dict(claims), OUR_KEY, "ES256"),
        store=MemoryStore(clock),
        clock=clock,
    )


def test_the_browser_goes_to_the_public_address_and_nothing_extra_replaces_ours(
    party: KeycloakRelyingParty,
) -> None:
    address = urlsplit(
        party.authorization_url(
            redirect_uri="https://work.example/callback",
            state="s",
            nonce="n",
            code_challenge="c",
            extra={"prompt": "login", "kc_idp_hint": "", "redirect_uri": "https://evil.example"},
        )
    )
    query = parse_qs(address.query, keep_blank_values=True)
    assert f"{address.scheme}://{address.netloc}{address.path}" == (
        f"{ISSUER}/protocol/openid-connect/auth"
    )
    assert query["redirect_uri"] == ["https://work.example/callback"]
    assert query["code_challenge_method"] == ["S256"]
    assert (query["prompt"], query["kc_idp_hint"]) == (["login"], [""])


async def test_an_exchange_tells_who_signed_in_and_with_which_roles(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, clock: FakeClock
) -> None:
    tokens = await party.exchange(**CODE)

    assert (tokens.subject, tokens.sid, tokens.acr) == ("u-1", "s-1", "mfa")
    assert tokens.auth_time.timestamp() == clock().timestamp() - 5
    assert tokens.claims["resource_access"] == {"grid-service": {"roles": ["handler"]}}
    assert tokens.claims["aud"] == CLIENT
    sent = keycloak.forms[0]
    assert (sent["code"], sent["code_verifier"]) == ("c-1", "v-1")
    assert "client_secret" not in sent


async def test_the_client_proves_itself_with_a_short_signed_statement_for_this_realm(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, clock: FakeClock
) -> None:
    await party.exchange(**CODE)
    await party.refresh("refresh-1")

    options = {"verify_exp": False, "verify_iat": False}
    said = [
        jwt.decode(
            form["client_assertion"],
            OUR_KEY.public_key(),
            ["ES256"],
            audience=ISSUER,
            options=options,
        )
        for form in keycloak.forms
    ]
    assert {(s["iss"], s["sub"]) for s in said} == {(CLIENT, CLIENT)}
    assert all(s["exp"] - clock().timestamp() <= 60 for s in said)
    assert said[0]["jti"] != said[1]["jti"]


BAD_ID_TOKENS: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "n-2"},
    "no nonce": {"nonce": None},
    "for another client": {"aud": "legal-aid"},
    "given to another client": {"azp": "legal-aid"},
    "of another issuer": {"iss": "https://sso.example/realms/residents"},
    "expired": {"exp": 1},
    "from the future": {"iat": 4_000_000_000, "exp": 4_000_000_300},
    "an access token in its place": {"typ": "Bearer"},
    "a logout token in its place": {"typ": "Logout"},
    "of another person than the access token": {"sub": "u-2"},
    "of another session than the access token": {"sid": "s-2"},
    "with another access token": {"at_hash": at_hash("another")},
    "without a session": {"sid": None},
    "without the time of the act": {"auth_time": None},
    "with a time that is text": {"exp": "tomorrow"},
}


@pytest.mark.parametrize("what", BAD_ID_TOKENS)
async def test_an_identity_token_is_refused(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, what: str
) -> None:
    keycloak.answer = lambda: keycloak.tokens(keycloak.id_claims() | BAD_ID_TOKENS[what])

    with pytest.raises(InvalidGrant):
        await party.exchange(**CODE)


@pytest.mark.parametrize("change", [{"azp": "legal-aid"}, {"typ": "ID"}, {"iss": "x"}, {"exp": 1}])
async def test_an_access_token_that_is_not_ours_is_refused(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, change: dict[str, Any]
) -> None:
    keycloak.answer = lambda: keycloak.tokens(access=keycloak.access_claims() | change)

    with pytest.raises(InvalidGrant):
        await party.exchange(**CODE)


async def test_roles_never_come_from_the_identity_token(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    forged = keycloak.id_claims(resource_access={"grid-service": {"roles": ["dispatcher"]}})
    keycloak.answer = lambda: keycloak.tokens(forged, keycloak.access_claims(resource_access={}))

    assert (await party.exchange(**CODE)).claims["resource_access"] == {}


async def test_a_token_signed_by_an_unpublished_key_is_refused(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    keycloak.key = SigningKey("key-1")

    with pytest.raises(InvalidGrant):
        await party.exchange(**CODE)


async def test_the_public_key_does_not_work_as_a_shared_secret(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    secret = keycloak.key.jwk()["n"].encode()
    claims = keycloak.logout_claims()
    headers = {"kid": "key-1", "typ": "logout+jwt"}

    for forged in (jwt.encode(claims, secret, "HS256", headers), unsigned(claims)):
        with pytest.raises(InvalidRequest):
            await party.verify_logout_token(forged)


async def test_a_new_key_is_found_and_unknown_ones_are_asked_for_at_most_every_ten_seconds(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, clock: FakeClock
) -> None:
    await party.exchange(**CODE)
    keycloak.key = SigningKey("key-2")
    for _ in range(5):
        with pytest.raises(InvalidGrant):
            await party.exchange(**CODE)
    assert keycloak.keys_asked == 1

    keycloak.published = [keycloak.key]
    clock.advance(11)
    await party.exchange(**CODE)
    assert keycloak.keys_asked == 2


async def test_a_key_that_was_withdrawn_stops_working(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, clock: FakeClock
) -> None:
    await party.exchange(**CODE)
    keycloak.published = [SigningKey("key-2")]
    clock.advance(301)

    with pytest.raises(InvalidGrant):
        await party.exchange(**CODE)


def _refusal(status: int, error: str) -> httpx.Response:
    return httpx.Response(status, json={"error": error})


async def test_a_refused_code_is_an_invalid_grant(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    keycloak.answer = lambda: _refusal(400, "invalid_grant")

    with pytest.raises(InvalidGrant):
        await party.exchange(**CODE)


async def test_a_refused_refresh_means_that_the_session_is_over(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    keycloak.answer = lambda: _refusal(400, "invalid_grant")

    with pytest.raises(NotSignedIn):
        await party.refresh("refresh-1")


@pytest.mark.parametrize(
    "answer",
    [
        _refusal(401, "invalid_client"),
        httpx.Response(502, text="<html>"),
        _refusal(503, "x"),
        _refusal(429, "x"),
    ],
)
async def test_an_absent_keycloak_signs_nobody_out(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, answer: httpx.Response
) -> None:
    keycloak.answer = lambda: answer

    with pytest.raises(Unavailable):
        await party.refresh("refresh-1")


async def test_a_refresh_keeps_its_token_when_keycloak_sends_no_new_one(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    assert (await party.refresh("refresh-1")).refresh_token == "refresh-2"
    whole = keycloak.tokens().json()
    del whole["refresh_token"]
    keycloak.answer = lambda: httpx.Response(200, json=whole)

    assert (await party.refresh("refresh-1")).refresh_token == "refresh-1"


async def test_a_logout_token_names_the_session(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    said = await party.verify_logout_token(keycloak.logout_token())

    assert (said.sid, said.subject) == ("s-1", "u-1")


async def test_a_logout_token_works_once(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    token = keycloak.logout_token()
    await party.verify_logout_token(token)

    with pytest.raises(InvalidRequest):
        await party.verify_logout_token(token)


async def test_a_logout_token_is_refused_when_it_is_old(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, clock: FakeClock
) -> None:
    token = keycloak.logout_token()
    clock.advance(121)

    with pytest.raises(InvalidRequest):
        await party.verify_logout_token(token)


@pytest.mark.parametrize(
    "change",
    [
        {"typ": "JWT"},
        {"aud": "legal-aid"},
        {"iss": "https://evil.example"},
        {"events": {}},
        {"events": None},
        {"nonce": "n-1"},
        {"sid": None, "sub": None},
        {"jti": None},
        {"exp": None},
        {"iat": None},
    ],
)
async def test_a_logout_token_is_refused_when_it_breaks_a_rule(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak, change: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest):
        await party.verify_logout_token(keycloak.logout_token(**change))


async def test_an_identity_token_is_no_logout_token(
    party: KeycloakRelyingParty, keycloak: SmallKeycloak
) -> None:
    token = keycloak.key.sign(keycloak.id_claims(), typ="logout+jwt")

    with pytest.raises(InvalidRequest):
        await party.verify_logout_token(token)


def test_sign_out_goes_to_the_public_address_with_the_hint(party: KeycloakRelyingParty) -> None:
    address = party.logout_url(
        id_token_hint="a.b.c", post_logout_redirect_uri="https://work.example/signed-out"
    )
    assert address.startswith(f"{ISSUER}/protocol/openid-connect/logout?")
    assert parse_qs(urlsplit(address).query)["id_token_hint"] == ["a.b.c"]
