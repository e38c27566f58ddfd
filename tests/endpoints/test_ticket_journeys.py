"""Signed tickets as they are meant to be used: in, told who it is, once; and out again."""

import ssl
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl

import jwt
import pytest

from idp_bridge.core.app_logout import NotTold
from idp_bridge.core.visits import Visit
from idp_bridge.endpoints.outbound import Outbound
from idp_bridge.endpoints.ticket_tokens import TicketTeller
from idp_bridge.oidc.keys import rotate
from tests.endpoints.cas_world import ISSUER, query_of
from tests.endpoints.test_outbound import served
from tests.endpoints.ticket_world import (
    SECRETS,
    SERVICE,
    STATE,
    TicketWorld,
    claims_of,
    form_in,
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys take long to make."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def world(keys: Path) -> TicketWorld:
    world = TicketWorld(keys)
    await world.heard()
    return world


async def test_the_browser_posts_the_ticket_and_the_apps_own_state(world):
    answer = await world.sign_in()

    form = form_in(answer)
    assert (form["action"], form["state"]) == (SERVICE, STATE)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "<script>" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_ticket_says_who_it_is_with_roles_posts_and_what_was_released(world):
    claims = claims_of(await world.ticket())

    assert {name: claims.pop(name) for name in ("jti", "sid")}
    assert claims == {
        "iss": ISSUER,
        "aud": "forms",
        "service": SERVICE,
        "realm": "workers",
        "sub": "chen",
        "name": "陈静",
        "roles": ["clerk"],
        "posts": ["/baoan/xixiang/grid-worker"],
        "acr": "password",
        "state": STATE,
        "iat": int(world.clock.now.timestamp()),
        "exp": int(world.clock.now.timestamp()) + 60,
    }


async def test_an_app_that_verifies_by_itself_learns_the_same(world):
    arrived = world.verifier().verify(await world.ticket(), state=STATE)

    assert (arrived.person.subject, arrived.person.name) == ("chen", "陈静")
    assert arrived.person.roles == {"clerk"}
    assert arrived.person.holds("grid-worker", org="/baoan/xixiang/gongle")


async def test_an_app_that_redeems_is_told_how_things_are_by_then(world):
    ticket = await world.ticket()
    world.realms["workers"].person.apps = {"forms": ["clerk", "head"]}
    await world.revocations.stale_account("workers", "chen")

    told = (await world.redeem(ticket)).json()

    assert told["roles"] == ["clerk", "head"]
    assert {**told, "roles": ["clerk"]}.items() <= claims_of(ticket).items()


async def test_the_second_app_is_entered_without_a_word(world):
    await world.ticket()
    await world.later(30)

    told = await world.redeem(
        await world.ticket("https://old.test/in.php", "old"), "https://old.test/in.php", "old"
    )

    assert told.json()["roles"] == ["reader"]


async def test_an_old_app_has_its_ticket_signed_with_its_own_secret(world):
    answer = await world.sign_in("old", "https://old.test/in.php")

    sent = query_of(answer)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("https://old.test/in.php?ticket=")
    assert sent["state"] == STATE
    claims = jwt.decode(
        sent["ticket"],
        SECRETS["old"],
        algorithms=["HS256"],
        audience="old",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["sub"] == "chen"


async def test_a_ticket_in_an_address_says_nothing_personal(world):
    world.change("old", subject="username")
    world.realms["workers"].person.more = {"preferred_username": "chenjing", "phone_number": "1"}

    ticket = await world.ticket("https://old.test/in.php", "old")

    assert not {"sub", "name", "posts", "preferred_username", "phone_number"} & set(
        claims_of(ticket)
    )
    told = (await world.redeem(ticket, "https://old.test/in.php", "old")).json()
    assert (told["sub"], told["name"], told["phone_number"]) == ("chenjing", "陈静", "1")


async def test_an_app_of_both_realms_asks_as_whom_and_never_merges(world):
    asked = await world.sign_in("both", "https://both.test/in")
    assert "realm=residents" in asked.text
    assert "realm=workers" in asked.text

    for realm in ("residents", "workers"):
        ticket = await world.ticket("https://both.test/in", "both", realm=realm)
        assert claims_of(ticket)["realm"] == realm


async def test_two_apps_know_one_session_by_different_names(world):
    ours = claims_of(await world.ticket())
    theirs = claims_of(await world.ticket("https://old.test/in.php", "old"))

    assert ours["sid"] != theirs["sid"]
    assert claims_of(await world.ticket())["sid"] == ours["sid"]
    assert "sid-workers" not in (ours["sid"], theirs["sid"])


async def test_keys_rotate_without_a_ticket_that_nobody_can_verify(tmp_path):
    world = TicketWorld(tmp_path / "keys")
    await world.heard()
    before = await world.ticket()
    rotate(world.keys_folder, world.clock)
    early = world.verifier()
    assert early.verify(before, state=STATE).person.subject == "chen"

    await world.later(301)
    after = await world.ticket()

    kids = {jwt.get_unverified_header(ticket)["kid"] for ticket in (before, after)}
    assert len(kids) == 2
    assert early.verify(after, state=STATE).person.subject == "chen"


async def test_signing_out_ends_the_session_at_keycloak_and_returns_to_the_app(world):
    jti = claims_of(await world.ticket())["jti"]

    answer = await world.go("/ticket/sign-out", app="forms", service=SERVICE, jti=jti)

    assert answer.headers["location"].startswith("https://keycloak.test/logout?")
    sent = dict(parse_qsl(answer.headers["location"].partition("?")[2]))
    assert (sent["to"], sent["state"]) == (f"{ISSUER}/ticket/signed-out", SERVICE)
    back = await world.go("/ticket/signed-out", state=SERVICE)
    assert back.headers["location"] == SERVICE


async def test_the_end_of_a_session_is_told_to_the_app_once_for_all_its_tickets(world):
    await world.ticket()
    sid = claims_of(await world.ticket())["sid"]

    await world.app_logout.session_over("workers", "sid-workers")

    assert [(visit.client_id, visit.reference) for visit in world.teller.told] == [("forms", sid)]


async def test_the_app_is_told_by_a_signed_logout_token(world):
    sid = claims_of(await world.ticket())["sid"]
    async with served() as (server, url):
        outbound = Outbound(
            ssl.create_default_context(), [ip_network("127.0.0.0/8"), ip_network("::1/128")]
        )
        teller = TicketTeller(ISSUER, world.doors, world.signer, outbound, world.clock)
        visit = Visit("workers", "forms", "ticket", "sid-workers", "chen", "chen", sid, url)
        await teller.tell(visit)

        token = parse_qs(server.asked[0].partition(b"\r\n\r\n")[2].decode())["logout_token"][0]
        over = world.verifier().verify_logout(token)
        assert (over.sid, over.subject) == (sid, "chen")

        server.answer = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
        with pytest.raises(NotTold):
            await teller.tell(visit)
        await outbound.close()
