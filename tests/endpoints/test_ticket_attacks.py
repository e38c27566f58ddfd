"""What went wrong with tickets and redirects elsewhere, tried on signed tickets."""

import asyncio
import base64
import hmac
import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from idp_bridge_adapters.tokens import TokenRefused
from tests.endpoints.cas_world import ISSUER, LeavingStore, query_of
from tests.endpoints.ticket_world import (
    SECRETS,
    SERVICE,
    STATE,
    TicketWorld,
    claims_of,
    form_in,
)
from tests.fakes import RacingStore
from tests.hostile import corpus

OLD = "https://old.test/in.php"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys take long to make."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def world(keys: Path) -> TicketWorld:
    world = TicketWorld(keys)
    await world.heard()
    return world


def _signed_with_text(claims: Any, head: Any, secret: str) -> str:
    """A JWT over HS256 with anything for a secret: libraries refuse what looks like a key."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({**head, "alg": "HS256"}, claims)
    ]
    mac = hmac.digest(secret.encode(), ".".join(parts).encode(), "sha256")
    return ".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=").decode()])


async def refused(world: TicketWorld, ticket: str, service: str = SERVICE, **more: str) -> str:
    """The error that the app is told of."""
    answer = await world.redeem(ticket, service, **more)
    assert answer.status_code in (400, 401), answer.text
    return str(answer.json()["error"])


async def test_a_ticket_is_redeemed_once_and_the_second_time_is_on_record(world):
    ticket = await world.ticket()
    assert (await world.redeem(ticket)).status_code == 200

    assert await refused(world, ticket) == "invalid_grant"

    assert [event.name for event in world.audit.events] == ["ticket_refused"]
    assert world.audit.events[0].detail == {"app": "forms", "reason": "used"}
    trail = await world.trail.why_refused(ticket)
    assert [refusal.reason for refusal in trail.refusals] == ["used"]


async def test_a_long_ticket_is_on_record_as_well(world):
    world.realms["workers"].person.groups = [f"/baoan/xixiang/unit-{n}/staff" for n in range(60)]
    ticket = await world.ticket()
    assert len(ticket) > 2048
    await world.redeem(ticket)
    await world.redeem(ticket)
    assert [event.name for event in world.audit.events] == ["ticket_refused"]


async def test_of_fifty_parallel_redemptions_one_counts(keys):
    world = TicketWorld(keys, RacingStore)
    await world.heard()
    ticket = await world.ticket()

    answers = await asyncio.gather(*(world.redeem(ticket) for _ in range(50)))

    assert [answer.status_code for answer in answers].count(200) == 1


async def test_a_ticket_is_good_for_a_minute(world):
    early, late = await world.ticket(), await world.ticket()
    await world.later(59)
    assert (await world.redeem(early)).status_code == 200
    await world.later(1)
    assert await refused(world, late) == "invalid_grant"
    await world.later(11)
    with pytest.raises(TokenRefused):
        world.verifier().verify(late, state=STATE)


@pytest.mark.parametrize("service", ["https://forms.test/pages/a", f"{SERVICE}?a=1", OLD])
async def test_a_ticket_is_good_for_the_exact_service_only(world, service):
    ticket = await world.ticket()

    assert await refused(world, ticket, service) == "invalid_grant"
    assert await refused(world, ticket) == "invalid_grant"  # It has leaked, and is spent.
    with pytest.raises(TokenRefused):
        world.verifier(service=service).verify(ticket, state=STATE)


async def test_a_ticket_of_one_app_is_none_of_another(world):
    ticket = await world.ticket()
    assert await refused(world, ticket, OLD, client_id="old") == "invalid_grant"
    with pytest.raises(TokenRefused):
        world.verifier("old").verify(await world.ticket(), state=STATE)


async def test_a_ticket_of_one_realm_is_none_of_the_other(world):
    ticket = await world.ticket("https://both.test/in", "both", realm="residents")

    error = await refused(
        world, ticket, "https://both.test/in", client_id="both", secret=SECRETS["both-w"]
    )

    assert error == "invalid_grant"


async def test_a_changed_ticket_is_none(world):
    ticket = await world.ticket()
    head, body, signature = ticket.split(".")
    other = claims_of(ticket) | {"sub": "somebody-else"}
    forged = base64.urlsafe_b64encode(json.dumps(other).encode()).rstrip(b"=").decode()
    for changed in (f"{head}.{forged}.{signature}", f"{head}.{body}.{signature[:-2]}AA"):
        assert await refused(world, changed) == "invalid_grant"
        with pytest.raises(TokenRefused):
            world.verifier().verify(changed, state=STATE)
    assert (await world.redeem(ticket)).status_code == 200


async def test_a_ticket_never_chooses_its_algorithm(world):
    ticket = await world.ticket()
    claims, kid = claims_of(ticket), jwt.get_unverified_header(ticket)["kid"]
    public = next(key for key in world.keys.jwks()["keys"] if key["kid"] == kid)
    kinds = {"typ": "ticket+jwt", "kid": kid}
    forgeries = [
        jwt.encode(claims, "", algorithm="none", headers=kinds),
        _signed_with_text(claims, kinds, json.dumps(public)),
        world.keys.sign(claims, algorithm="RS256", headers={"typ": "ticket+jwt"}),
    ]
    for forged in forgeries:
        assert await refused(world, forged) == "invalid_grant"
        with pytest.raises(TokenRefused):
            world.verifier().verify(forged, state=STATE)


async def test_another_token_of_ours_is_no_ticket(world):
    claims = claims_of(await world.ticket())
    for kind in ("JWT", "logout+jwt"):
        token = world.keys.sign(claims, headers={"typ": kind})
        with pytest.raises(TokenRefused):
            world.verifier().verify(token, state=STATE)


async def test_a_ticket_of_another_attempt_is_refused_by_the_app(world):
    """An attacker posts his own ticket through the victim's browser (login CSRF)."""
    ticket = await world.ticket()
    for state in ("another-state-of-it", ""):
        with pytest.raises(TokenRefused):
            world.verifier().verify(ticket, state=state)


async def test_an_app_that_verifies_by_itself_takes_a_ticket_once(world):
    verifier, ticket = world.verifier(), await world.ticket()
    verifier.verify(ticket, state=STATE)
    with pytest.raises(TokenRefused):
        verifier.verify(ticket, state=STATE)


async def test_nobody_is_sent_to_an_address_of_the_corpus(world):
    world.change("forms", redirect_uris=("https://app.example/nowhere", SERVICE, "https://*"))
    for address in [*corpus("flawed"), *corpus("foreign")]:
        answer = await world.sign_in(service=address)

        assert answer.status_code == 400, address
        assert answer.headers.get("location") is None
        assert "data-send-at-once" not in answer.text


@pytest.mark.parametrize("name", ["ticket", "state", "error", "Ticket", "ticket[]", "%74icket"])
async def test_a_service_that_carries_a_parameter_of_the_answer_is_refused(world, name):
    service = f"https://forms.test/pages/a?{name}=x"
    assert (await world.sign_in(service=service)).status_code == 400


async def test_no_parameter_is_given_twice(world):
    query = f"/ticket/sign-in?app=forms&service={SERVICE}&state={STATE}"
    for more in (f"&service={SERVICE}", "&app=forms", f"&state={STATE}", "&realm=a&realm=b"):
        assert (await world.go(query + more)).status_code == 400
    ticket = await world.ticket()
    body = f"ticket={ticket}&ticket={ticket}&service={SERVICE}"
    answer = await world.http.post(
        "/ticket/redeem",
        content=body,
        auth=("forms", SECRETS["forms"]),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 400
    assert (await world.redeem(ticket)).status_code == 200


@pytest.mark.parametrize(
    "state", ["", "short", "a" * 257, "with space in the state", '"><script>x']
)
async def test_a_sign_in_without_a_state_that_binds_it_is_refused(world, state):
    assert (await world.sign_in(state=state)).status_code == 400


async def test_the_bridges_own_addresses_are_no_service(world):
    own = f"{ISSUER}/apps/callback/workers/forms"
    assert (await world.sign_in(service=own)).status_code == 400


async def test_an_app_of_another_protocol_gets_no_ticket(world):
    answer = await world.sign_in("spoken", "https://spoken.test/in")
    assert answer.status_code == 404
    assert (await world.redeem("x", client_id="spoken", secret="y")).status_code == 404


async def test_a_service_taken_off_the_app_meanwhile_gets_no_ticket(world):
    ticket = await world.ticket()
    begun = await world.http.get(
        "/ticket/sign-in", params={"app": "forms", "service": SERVICE, "state": STATE}
    )
    world.change("forms", redirect_uris=("https://forms.test/pages/*",))

    answer = await world.http.get(begun.headers["location"])

    assert answer.status_code == 400
    assert await refused(world, ticket) == "invalid_grant"


async def test_a_trip_that_another_browser_began_gives_no_ticket(world):
    begun = await world.http.get(
        "/ticket/sign-in", params={"app": "forms", "service": SERVICE, "state": STATE}
    )
    answer = await world.browser().get(begun.headers["location"])

    assert answer.status_code == 400
    assert "data-send-at-once" not in answer.text


@pytest.mark.parametrize(
    ("change", "error"),
    [({"enabled": False}, "app_suspended"), ({"minimum_acr": "mfa"}, "insufficient_acr")],
)
async def test_an_app_that_closed_in_between_is_told_of_nobody(world, change, error):
    ticket = await world.ticket()
    world.change("forms", **change)

    assert await refused(world, ticket) == "invalid_grant"

    trail = await world.trail.why_refused(ticket)
    assert [refusal.reason for refusal in trail.refusals] == [error]
    assert (await world.sign_in()).status_code == 403


async def test_a_role_taken_in_between_counts(world):
    ticket = await world.ticket()
    world.realms["workers"].person.apps = {"forms": []}
    await world.revocations.stale_account("workers", "chen")

    assert await refused(world, ticket) == "invalid_grant"
    assert (await world.sign_in()).status_code == 403


async def test_a_session_that_ended_in_between_counts(world):
    ticket = await world.ticket()
    await world.revocations.end_session("workers", "sid-workers")
    assert await refused(world, ticket) == "invalid_grant"


@pytest.mark.parametrize("secret", ["wrong".ljust(43, "x"), "x", SECRETS["old"]])
async def test_only_the_app_itself_redeems(world, secret):
    ticket = await world.ticket()

    assert await refused(world, ticket, secret=secret) == "invalid_client"
    assert (await world.redeem(ticket)).status_code == 200


async def test_an_app_without_a_secret_redeems_nothing(world):
    ticket = await world.ticket()
    world.change("forms", settings={})

    for auth in (("forms", ""), None):
        answer = await world.http.post(
            "/ticket/redeem",
            data={"app": "forms", "ticket": ticket, "service": SERVICE},
            auth=auth,
        )
        assert answer.status_code == 401


async def test_one_proof_is_given_not_two(world):
    answer = await world.http.post(
        "/ticket/redeem",
        data={"ticket": "t", "service": SERVICE, "secret": SECRETS["forms"]},
        auth=("forms", SECRETS["forms"]),
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "settings",
    [
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"algorithm": "HS256", "secret": {"workers": "short"}},
        {"algorithm": "HS256", "secret": {"residents": "x" * 43}},
    ],
)
async def test_an_app_that_is_set_up_unsafely_gets_no_ticket(world, settings):
    world.change("forms", settings=settings)
    assert (await world.sign_in()).status_code == 503


async def test_another_site_cannot_sign_people_out(world):
    jti = claims_of(await world.ticket())["jti"]

    for guess in ("", "x" * 43):
        answer = await world.go("/ticket/sign-out", app="forms", service=SERVICE, jti=guess)
        assert answer.headers["location"] == SERVICE
    other = await world.go("/ticket/sign-out", app="old", service=OLD, jti=jti)
    assert other.headers["location"] == OLD

    assert (await world.ticket()) != ""
    ours = await world.go("/ticket/sign-out", app="forms", service=SERVICE, jti=jti)
    assert ours.headers["location"].startswith("https://keycloak.test/logout?")


@pytest.mark.parametrize("address", ["https://evil.test/", "//evil.test", "javascript:alert(1)"])
async def test_signing_out_leads_nowhere_but_to_the_apps(world, address):
    jti = claims_of(await world.ticket())["jti"]
    answer = await world.go("/ticket/sign-out", app="forms", service=address, jti=jti)
    assert answer.status_code == 400
    back = await world.go("/ticket/signed-out", state=address)
    assert back.status_code == 200
    assert address not in back.text


async def test_neither_ticket_nor_session_is_in_the_store_in_the_clear(world):
    ticket = await world.ticket()
    jti = claims_of(ticket)["jti"]
    kept = " ".join(f"{key} {value!r}" for key, value in world.store._values.items())
    assert ticket not in kept
    assert "refresh-" not in kept
    assert f"grant:ticket-session:{jti}" not in kept


async def test_no_ticket_is_given_that_no_logout_would_reach(keys):
    world = TicketWorld(keys, LeavingStore)
    await world.heard()
    world.realms["workers"].signed_in = True
    begun = await world.http.get(
        "/ticket/sign-in", params={"app": "forms", "service": SERVICE, "state": STATE}
    )
    world.store.away = True

    answer = await world.http.get(begun.headers["location"])

    assert answer.status_code == 503
    assert "data-send-at-once" not in answer.text


async def test_what_goes_into_the_posting_page_is_escaped(world):
    world.realms["workers"].person.name = '"><script>alert(1)</script>'
    answer = await world.sign_in(service="https://forms.test/pages/a?x='()")
    assert "<script>alert" not in answer.text
    assert form_in(answer)["action"] == "https://forms.test/pages/a?x='()"


async def test_a_refused_sign_in_ends_on_a_page_and_at_no_app(world):
    await world.sign_in()
    begun = await world.http.get(
        "/ticket/sign-in", params={"app": "forms", "service": SERVICE, "state": STATE}
    )
    state = query_of(begun)["state"]
    callback = "/apps/callback/workers/forms"
    answer = await world.http.get(callback, params={"state": state, "error": "access_denied"})
    assert answer.status_code == 403
    assert "/ticket/sign-in?" in answer.text
