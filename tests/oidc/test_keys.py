"""Signing keys: rotation, files, and what is accepted as ours."""

from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from idp_bridge.oidc.errors import HintRefused
from idp_bridge.oidc.keys import AHEAD, KEPT, KeySet, rotate
from tests.fakes import FakeClock
from tests.oidc.world import ISSUER

CLAIMS = {"iss": ISSUER, "sub": "s", "aud": "app"}


@pytest.fixture
def clock() -> FakeClock:
    clock = FakeClock()
    clock.advance(86400)
    return clock


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def published(keys: KeySet) -> set[str]:
    return {key["kid"] for key in keys.jwks()["keys"]}


def test_key_files_are_for_their_owner_only(fresh_keys: Path, clock: FakeClock) -> None:
    rotate(fresh_keys, clock)

    assert {file.stat().st_mode & 0o777 for file in fresh_keys.iterdir()} == {0o600}
    next(fresh_keys.iterdir()).chmod(0o640)
    with pytest.raises(PermissionError):
        KeySet(fresh_keys, clock)


def test_two_copies_of_the_bridge_share_their_keys(fresh_keys: Path, clock: FakeClock) -> None:
    one, other = KeySet(fresh_keys, clock), KeySet(fresh_keys, clock)

    assert other.read(one.sign(CLAIMS, algorithm="RS256"), issuer=ISSUER)["sub"] == "s"
    rotate(fresh_keys, clock, ahead=timedelta(0))
    assert kid(one.sign(CLAIMS)) == kid(other.sign(CLAIMS))


def test_a_new_key_is_published_before_it_signs(fresh_keys: Path, clock: FakeClock) -> None:
    keys = KeySet(fresh_keys, clock)
    old = kid(keys.sign(CLAIMS))
    made = rotate(fresh_keys, clock)

    assert set(made) < published(keys)
    assert kid(keys.sign(CLAIMS)) == old
    clock.advance(AHEAD.total_seconds())
    assert kid(keys.sign(CLAIMS)) in made


def test_an_old_key_verifies_until_its_tokens_end(fresh_keys: Path, clock: FakeClock) -> None:
    keys = KeySet(fresh_keys, clock)
    token = keys.sign(CLAIMS, algorithm="RS256")
    rotate(fresh_keys, clock)
    clock.advance((AHEAD + KEPT).total_seconds() - 1)
    assert keys.read(token, issuer=ISSUER)["sub"] == "s"
    clock.advance(1)

    assert kid(token) not in published(keys)
    with pytest.raises(HintRefused):
        keys.read(token, issuer=ISSUER)
    rotate(fresh_keys, clock)
    assert not (fresh_keys / f"{kid(token)}.json").exists()


def test_a_token_of_another_kind_or_issuer_is_not_an_id_token(
    fresh_keys: Path, clock: FakeClock
) -> None:
    keys = KeySet(fresh_keys, clock)
    logout = keys.sign(CLAIMS, headers={"typ": "logout+jwt"})
    foreign = keys.sign({**CLAIMS, "iss": "https://other.example"})
    for token in (logout, foreign, ""):
        with pytest.raises(HintRefused):
            keys.read(token, issuer=ISSUER)
