"""Every way a token can lie: each is refused, and the honest one is not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from idp_bridge_adapters.keys import KeySet
from idp_bridge_adapters.principal import Post
from idp_bridge_adapters.testing import IssuerForTests
from idp_bridge_adapters.tokens import AcrTooLow, TokenRefused, Trust, Verifier

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
WORKERS = "https://idp.test/realms/workers"
RESIDENTS = "https://idp.test/realms/residents"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workers(clock: Clock) -> IssuerForTests:
    return IssuerForTests(WORKERS, client_id="grid-service", clock=clock)


@pytest.fixture
def residents(clock: Clock) -> IssuerForTests:
    return IssuerForTests(RESIDENTS, client_id="grid-service", clock=clock)


@pytest.fixture
def verifier(workers: IssuerForTests, residents: IssuerForTests, clock: Clock) -> Verifier:
    return Verifier([workers.trust, residents.trust], clock=clock)


def test_an_id_token_says_who_somebody_is(verifier: Verifier, workers: IssuerForTests):
    token = workers.id_token(
        nonce="n1",
        subject="u1",
        name="陈网格",
        roles=["handler"],
        groups=["/baoan/grid-a/grid-worker"],
        acr="mfa",
    )

    person = verifier.verify_id_token(token, issuer=WORKERS, nonce="n1")

    assert person.key == (WORKERS, "u1")
    assert (person.realm, person.name, person.acr) == ("workers", "陈网格", "mfa")
    assert person.roles == {"handler"}
    assert person.posts == {Post("grid-worker", "/baoan/grid-a")}
    assert person.auth_time == NOW


def test_roles_of_another_app_are_not_this_apps_roles(verifier: Verifier, workers: IssuerForTests):
    token = workers.access_token(
        resource_access={"other": {"roles": ["admin"]}}, realm_access={"roles": ["leader"]}
    )

    assert verifier.verify_access_token(token).roles == frozenset()


def test_both_realms_are_accepted_and_no_third(
    verifier: Verifier, workers: IssuerForTests, residents: IssuerForTests, clock: Clock
):
    third = IssuerForTests("https://idp.test/realms/master", client_id="grid-service", clock=clock)

    assert verifier.verify_access_token(workers.access_token()).realm == "workers"
    assert verifier.verify_access_token(residents.access_token()).realm == "residents"
    with pytest.raises(TokenRefused, match="issuer"):
        verifier.verify_access_token(third.access_token())


def test_one_realms_key_does_not_sign_for_the_other(verifier: Verifier, residents: IssuerForTests):
    with pytest.raises(TokenRefused, match="unknown key"):
        verifier.verify_access_token(residents.access_token(iss=WORKERS))


def test_a_stolen_key_id_does_not_help_another_key(
    verifier: Verifier, workers: IssuerForTests, residents: IssuerForTests
):
    residents.key_id = workers.key_id

    with pytest.raises(TokenRefused, match="InvalidSignature"):
        verifier.verify_access_token(residents.access_token(iss=WORKERS))


def test_an_answer_of_the_other_realm_does_not_finish_a_sign_in(
    verifier: Verifier, residents: IssuerForTests
):
    token = residents.id_token(nonce="n1")

    with pytest.raises(TokenRefused, match="another issuer"):
        verifier.verify_id_token(token, issuer=WORKERS, nonce="n1")


@pytest.mark.parametrize("sent", ["n2", None, ""])
def test_a_nonce_that_was_not_sent_is_refused(
    verifier: Verifier, workers: IssuerForTests, sent: str | None
):
    with pytest.raises(TokenRefused, match="nonce"):
        verifier.verify_id_token(workers.id_token(nonce=sent), issuer=WORKERS, nonce="n1")


def test_a_sign_in_that_forgot_its_nonce_accepts_nothing(
    verifier: Verifier, workers: IssuerForTests
):
    with pytest.raises(TokenRefused, match="nonce"):
        verifier.verify_id_token(workers.id_token(), issuer=WORKERS, nonce="")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "other"}, "another app"),
        ({"aud": ["other"]}, "another app"),
        ({"aud": None}, "another app"),
        ({"aud": {"grid-service": 1}}, "another app"),
        ({"aud": "grid-service-2"}, "another app"),
        ({"azp": "other"}, "given to another app"),
        ({"aud": ["grid-service", "account"], "azp": None}, "several audiences"),
        ({"aud": ["grid-service", "account"], "azp": "account"}, "given to another app"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": (NOW + timedelta(minutes=1)).timestamp()}, "future"),
        ({"nbf": (NOW + timedelta(minutes=1)).timestamp()}, "not valid yet"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub|not a token"),
        ({"sid": None}, "sid"),
        ({"typ": "ID"}, "kind"),
        ({"typ": "Refresh"}, "kind"),
        ({"typ": None}, "kind"),
        ({"iss": None}, "issuer"),
        ({"iss": WORKERS + "/"}, "issuer"),
        ({"resource_access": ["handler"]}, "malformed"),
        ({"resource_access": {"grid-service": {"roles": "handler"}}}, "list of texts"),
        ({"groups": ["/a/b", 1]}, "list of texts"),
    ],
)
def test_an_access_token_that_is_not_for_us_now_is_refused(
    verifier: Verifier, workers: IssuerForTests, claims: dict[str, Any], reason: str
):
    with pytest.raises(TokenRefused, match=reason):
        verifier.verify_access_token(workers.access_token(roles=["handler"], **claims))


def test_several_audiences_are_fine_when_the_token_was_given_to_us(
    verifier: Verifier, workers: IssuerForTests
):
    token = workers.access_token(aud=["account", "grid-service"])

    assert verifier.verify_access_token(token).subject == "somebody"


def test_a_token_ends_with_its_exp_and_the_leeway(
    verifier: Verifier, workers: IssuerForTests, clock: Clock
):
    token = workers.access_token()

    clock.now = NOW + timedelta(minutes=5, seconds=9)
    verifier.verify_access_token(token)
    clock.now = NOW + timedelta(minutes=5, seconds=10)
    with pytest.raises(TokenRefused, match="expired"):
        verifier.verify_access_token(token)


@pytest.mark.parametrize("acr", ["qr", "activation", "", None, "2", "gold"])
def test_a_sign_in_weaker_than_the_app_demands_is_refused_with_what_it_takes(
    workers: IssuerForTests, clock: Clock, acr: str | None
):
    strict = Verifier([workers.trust], minimum_acr="password", clock=clock)

    with pytest.raises(AcrTooLow) as refused:
        strict.verify_access_token(workers.access_token(acr=acr))

    assert refused.value.required == "password"


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def unsigned(token: str, public_pem: bytes) -> str:
    header, claims = parts(token)
    return f"{segment({**header, 'alg': 'none'})}.{segment(claims)}."


def unsigned_in_capitals(token: str, public_pem: bytes) -> str:
    header, claims = parts(token)
    return f"{segment({**header, 'alg': 'NONE'})}.{segment(claims)}."


def signed_with_the_public_key_as_secret(token: str, public_pem: bytes) -> str:
    header, claims = parts(token)
    signed = f"{segment({**header, 'alg': 'HS256'})}.{segment(claims)}"
    mac = hmac.new(public_pem, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def bringing_its_own_key(token: str, public_pem: bytes) -> str:
    stranger = rsa.generate_private_key(65537, 2048)
    header, claims = parts(token)
    own = RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    return jwt.encode(claims, stranger, "RS256", headers={**header, "alg": "RS256", "jwk": own})


def without_a_key_id(token: str, public_pem: bytes) -> str:
    header, claims = parts(token)
    del header["kid"]
    return ".".join((segment(header), segment(claims), token.split(".")[2]))


def with_a_changed_claim(token: str, public_pem: bytes) -> str:
    head, _, signature = token.split(".")
    claims = {**parts(token)[1], "sub": "the mayor"}
    return f"{head}.{segment(claims)}.{signature}"


def cut_off(token: str, public_pem: bytes) -> str:
    return token.rpartition(".")[0] + "."


def not_a_token(token: str, public_pem: bytes) -> str:
    return "neither"


@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        unsigned_in_capitals,
        signed_with_the_public_key_as_secret,
        bringing_its_own_key,
        without_a_key_id,
        with_a_changed_claim,
        cut_off,
        not_a_token,
    ],
)
def test_a_forged_token_is_refused(
    verifier: Verifier, workers: IssuerForTests, forge: Callable[[str, bytes], str]
):
    public_pem = workers.private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    token = workers.access_token(roles=["handler"])
    assert verifier.verify_access_token(token).roles == {"handler"}

    with pytest.raises(TokenRefused):
        verifier.verify_access_token(forge(token, public_pem))


def test_a_shared_secret_among_the_published_keys_is_never_used(
    workers: IssuerForTests, clock: Clock
):
    secret = base64.urlsafe_b64encode(b"s" * 32).rstrip(b"=").decode()
    keys = KeySet([{"kty": "oct", "kid": workers.key_id, "k": secret}])
    verifier = Verifier([Trust(WORKERS, "grid-service", keys)], clock=clock)
    _, claims = parts(workers.access_token())
    token = jwt.encode(claims, b"s" * 32, "HS256", headers={"kid": workers.key_id})

    with pytest.raises(TokenRefused):
        verifier.verify_access_token(token)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", "RS1"])
def test_a_verifier_is_not_made_with_an_algorithm_that_is_no_public_key_signature(
    workers: IssuerForTests, algorithm: str
):
    with pytest.raises(ValueError, match="algorithm"):
        Verifier([workers.trust], algorithms=["ES256", algorithm])


def test_a_signature_of_an_algorithm_that_the_app_did_not_choose_is_refused(
    workers: IssuerForTests, clock: Clock
):
    choosy = Verifier([workers.trust], algorithms=["RS256"], clock=clock)

    with pytest.raises(TokenRefused, match="algorithm"):
        choosy.verify_access_token(workers.access_token())


def test_a_key_made_for_encryption_or_another_algorithm_verifies_nothing(workers: IssuerForTests):
    [published] = workers.jwks["keys"]

    for change in ({"use": "enc"}, {"alg": "ES384"}, {"kty": "RSA"}):
        assert KeySet([{**published, **change}]).find(workers.key_id, "ES256") is None
    assert KeySet([published]).find(workers.key_id, "ES256") is not None


def test_after_rotation_tokens_of_the_withdrawn_key_are_refused(
    workers: IssuerForTests, clock: Clock
):
    old = workers.access_token()
    workers.rotate()

    with pytest.raises(TokenRefused, match="unknown key"):
        Verifier([workers.trust], clock=clock).verify_access_token(old)


def test_a_refreshed_token_is_the_same_person_with_todays_roles(
    verifier: Verifier, workers: IssuerForTests
):
    was = verifier.verify_id_token(
        workers.id_token(nonce="n1", roles=["handler"]), issuer=WORKERS, nonce="n1"
    )

    assert verifier.verify_refreshed(workers.id_token(), was=was).roles == frozenset()
    with pytest.raises(TokenRefused, match="another person"):
        verifier.verify_refreshed(workers.id_token(subject="else"), was=was)
    with pytest.raises(TokenRefused, match="another person"):
        verifier.verify_refreshed(workers.id_token(sid="another session"), was=was)


def test_a_logout_token_ends_the_session_it_names(verifier: Verifier, workers: IssuerForTests):
    person = verifier.verify_access_token(workers.access_token(sid="s1"))

    assert verifier.verify_logout_token(workers.logout_token(sid="s1")).ends(person)
    assert not verifier.verify_logout_token(workers.logout_token(sid="s2")).ends(person)


def test_a_logout_token_without_sid_ends_all_of_the_subjects_sessions_in_that_realm_only(
    verifier: Verifier, workers: IssuerForTests, residents: IssuerForTests
):
    person = verifier.verify_access_token(workers.access_token(subject="u1"))

    assert verifier.verify_logout_token(workers.logout_token(sid=None, sub="u1")).ends(person)
    assert not verifier.verify_logout_token(residents.logout_token(sid=None, sub="u1")).ends(person)


def test_an_unknown_sid_ends_nothing_even_when_the_subject_is_right(
    verifier: Verifier, workers: IssuerForTests
):
    person = verifier.verify_access_token(workers.access_token(subject="u1", sid="s1"))

    assert not verifier.verify_logout_token(workers.logout_token(sid="s9", sub="u1")).ends(person)


@pytest.mark.parametrize(
    "claims",
    [
        {"events": None},
        {"events": []},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": "yes"}},
        {"events": {"https://schemas.openid.net/event/other": {}}},
        {"nonce": "n1"},
        {"aud": "other"},
        {"sid": None},
        {"jti": None},
        {"exp": None},
        {"exp": (NOW - timedelta(minutes=1)).timestamp()},
        {
            "iat": (NOW - timedelta(minutes=3)).timestamp(),
            "exp": (NOW + timedelta(hours=1)).timestamp(),
        },
        {"typ": "ID"},
    ],
)
def test_a_logout_token_that_breaks_a_rule_ends_nothing(
    verifier: Verifier, workers: IssuerForTests, claims: dict[str, Any]
):
    with pytest.raises(TokenRefused):
        verifier.verify_logout_token(workers.logout_token(**claims))


def test_no_kind_of_token_passes_for_another(verifier: Verifier, workers: IssuerForTests):
    id_token, access, logout = (
        workers.id_token(nonce="n1"),
        workers.access_token(nonce="n1"),
        workers.logout_token(sub="somebody", acr="mfa", nonce=None),
    )

    for token in (id_token, access):
        with pytest.raises(TokenRefused):
            verifier.verify_logout_token(token)
    for token in (id_token, logout):
        with pytest.raises(TokenRefused):
            verifier.verify_access_token(token)
    for token in (access, logout):
        with pytest.raises(TokenRefused):
            verifier.verify_id_token(token, issuer=WORKERS, nonce="n1")


def test_one_issuer_named_twice_or_none_at_all_is_a_mistake(workers: IssuerForTests):
    for trusted in ([], [workers.trust, workers.trust]):
        with pytest.raises(ValueError, match="issuer"):
            Verifier(trusted)
