"""The verification snippets in the languages of old apps, against what the bridge really signs."""

import base64
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest

from idp_bridge.oidc.keys import KeySet
from tests.live.ticket.languages import LANGUAGES, Language, Program, built, running

ISSUER, APP, SERVICE, STATE = "https://bridge.test", "old", "https://old.test/in", "a" * 24
SECRET = "s" * 43
TICKET, IDENTITY, LOGOUT = "ticket+jwt", "idpb-identity+jwt", "logout+jwt"
EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}
COMMANDS: dict[str, tuple[str, ...]] = {}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeySet:
    """The bridge's keys."""
    return KeySet(tmp_path_factory.mktemp("keys"), now)


@pytest.fixture(scope="module", params=LANGUAGES, ids=lambda language: language.name)
def command(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, ...]:
    language: Language = request.param
    return built(language, tmp_path_factory.mktemp(language.name))


@pytest.fixture(scope="module", params=["ES256", "RS256", "HS256"])
def algorithm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def program(
    command: tuple[str, ...],
    algorithm: str,
    keys: KeySet,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Program]:
    file = tmp_path_factory.mktemp("published") / "keys"
    file.write_text(SECRET if algorithm == "HS256" else json.dumps(keys.jwks()), encoding="utf-8")
    with running(command, (ISSUER, APP, algorithm), file) as started:
        yield started


@pytest.fixture
def sign(keys: KeySet, algorithm: str) -> Any:
    """Sign claims as the bridge does for this app."""

    def signed(kind: str = TICKET, **changed: Any) -> str:
        claims = said(**changed)
        if algorithm == "HS256":
            return jwt.encode(claims, SECRET, algorithm="HS256", headers={"typ": kind})
        return keys.sign(claims, algorithm=algorithm, headers={"typ": kind})

    return signed


def said(**changed: Any) -> dict[str, Any]:
    """What a good ticket says; ``None`` leaves a claim out."""
    moment = int(now().timestamp())
    claims = {
        "iss": ISSUER,
        "aud": APP,
        "service": SERVICE,
        "realm": "workers",
        "sub": "陈静",
        "roles": ["reader"],
        "sid": "session",
        "state": STATE,
        "jti": base64.urlsafe_b64encode(now().isoformat().encode()).decode(),
        "iat": moment,
        "exp": moment + 60,
        "events": EVENTS,
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


def forged(head: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    """A token with any header, under a secret of the attacker's choice."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in (head, claims)
    ]
    mac = hmac.digest(secret, ".".join(parts).encode(), "sha256") if secret else b""
    return ".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=").decode()])


def test_a_good_ticket_is_taken_once(program: Program, sign: Any) -> None:
    ticket = sign()
    assert program.says("ticket", ticket, SERVICE, STATE) == "ok 陈静"
    assert program.says("ticket", ticket, SERVICE, STATE) == "refused"


def test_a_ticket_for_anybody_else_is_refused(program: Program, sign: Any) -> None:
    for changed in (
        {"aud": "another"},
        {"aud": [APP, "another"]},
        {"aud": None},
        {"iss": "https://evil.test"},
        {"iss": None},
        {"service": "https://old.test/in2"},
        {"service": None},
        {"state": "b" * 24},
        {"state": None},
        {"jti": None},
    ):
        assert program.says("ticket", sign(**changed), SERVICE, STATE) == "refused", changed
    assert program.says("ticket", sign(state=""), SERVICE, "") == "refused"


def test_a_ticket_out_of_its_time_is_refused(program: Program, sign: Any) -> None:
    moment = int(now().timestamp())
    for changed in (
        {"iat": moment - 75, "exp": moment - 15},
        {"iat": moment + 30, "exp": moment + 90},
        {"iat": moment, "exp": moment + 3600},
        {"iat": moment - 3600, "exp": moment + 60},
        {"exp": None},
        {"iat": None},
        {"exp": "tomorrow"},
    ):
        assert program.says("ticket", sign(**changed), SERVICE, STATE) == "refused", changed


def test_a_tampered_ticket_is_refused(program: Program, sign: Any) -> None:
    head, body, signature = sign().split(".")
    other = sign(sub="mallory").split(".")[1]
    for ticket in (
        f"{head}.{other}.{signature}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.x",
        "..",
        "",
        "x.y.z",
        f"{head}.bnVsbA.{signature}",
    ):
        assert program.says("ticket", ticket, SERVICE, STATE) == "refused", ticket


def test_a_ticket_never_chooses_its_algorithm(
    program: Program, keys: KeySet, sign: Any, algorithm: str
) -> None:
    published = keys.jwks()["keys"]
    kid = jwt.get_unverified_header(sign()).get("kid", "")
    claims = said()
    secrets = [b"", *(json.dumps(key).encode() for key in published)]
    for name in ("none", "None", "HS256", "HS512"):
        for secret in secrets:
            token = forged({"alg": name, "typ": TICKET, "kid": kid}, claims, secret)
            assert program.says("ticket", token, SERVICE, STATE) == "refused"
    for other in {"ES256", "RS256"} - {algorithm}:
        token = keys.sign(claims, algorithm=other, headers={"typ": TICKET})
        assert program.says("ticket", token, SERVICE, STATE) == "refused"


def test_a_key_that_nobody_published_is_refused(
    program: Program, algorithm: str, tmp_path: Path
) -> None:
    if algorithm == "HS256":
        token = jwt.encode(said(), "x" * 43, algorithm="HS256", headers={"typ": TICKET})
    else:
        stranger = KeySet(tmp_path / "stranger", now)
        token = stranger.sign(said(), algorithm=algorithm, headers={"typ": TICKET})
    assert program.says("ticket", token, SERVICE, STATE) == "refused"


def test_one_kind_of_token_does_not_do_for_another(program: Program, sign: Any) -> None:
    assert program.says("logout", sign(LOGOUT)) == "ok 陈静"
    assert program.says("logout", sign(LOGOUT, events={})) == "refused"
    assert program.says("logout", sign(LOGOUT, sid=None)) == "refused"
    for kind in (IDENTITY, LOGOUT, "JWT"):
        assert program.says("ticket", sign(kind), SERVICE, STATE) == "refused"
    for kind in (TICKET, IDENTITY, "JWT"):
        assert program.says("logout", sign(kind)) == "refused"


def test_the_identity_header_is_verified_with_the_bridges_key(
    program: Program, keys: KeySet, algorithm: str, sign: Any
) -> None:
    if algorithm == "HS256":
        assert program.says("identity", sign(IDENTITY)) == "refused"
        return
    header = keys.sign(said(), headers={"typ": IDENTITY})
    assert program.says("identity", header) == "ok 陈静"
    assert program.says("identity", header) == "ok 陈静"
    wrong = keys.sign(said(aud="another"), headers={"typ": IDENTITY})
    assert program.says("identity", wrong) == "refused"
    assert program.says("identity", keys.sign(said(), headers={"typ": TICKET})) == "refused"
    old = said(iat=int(now().timestamp()) - 90, exp=int(now().timestamp()) - 30)
    assert program.says("identity", keys.sign(old, headers={"typ": IDENTITY})) == "refused"


def test_a_new_key_is_looked_for_where_keys_are_published(
    program: Program, keys: KeySet, algorithm: str, tmp_path: Path
) -> None:
    if algorithm == "HS256":
        return
    later = KeySet(tmp_path / "later", now)
    program.publish({"keys": [*keys.jwks()["keys"], *later.jwks()["keys"]]})
    for signing in (later, keys):
        token = signing.sign(said(), algorithm=algorithm, headers={"typ": TICKET})
        assert program.says("ticket", token, SERVICE, STATE) == "ok 陈静"
