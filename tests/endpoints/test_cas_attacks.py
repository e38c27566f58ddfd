"""What went wrong with CAS servers and clients elsewhere, tried here."""

import asyncio
import json

import pytest

from idp_bridge.core.cas import new_ticket
from tests.endpoints.cas_world import (
    CALLBACK,
    CAS,
    ELSEWHERE,
    ISSUER,
    SERVICE,
    CasWorld,
    LeavingStore,
    code_of,
    proxied,
    proxy_ticket,
    user_of,
)
from tests.fakes import RacingStore

REPORT = "https://report.test/"


@pytest.fixture
async def world() -> CasWorld:
    world = CasWorld()
    await world.heard()
    return world


async def refused_everywhere(world: CasWorld, service: str) -> None:
    """Nobody is sent to ``service``: not to sign in, not by gateway, not after signing out."""
    for more in ({}, {"gateway": "true"}, {"renew": "true"}, {"method": "POST"}):
        answer = await world.go("/cas/login", service=service, **more)
        assert answer.status_code == 400, answer.headers.get("location")
        assert f'action="{service}' not in answer.text
    for path, name in (("/cas/logout", "service"), ("/cas/signed-out", "state")):
        answer = await world.go(path, **{name: service})
        assert not answer.headers.get("location", "").startswith(service[:14])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_an_address_of_this_machine_is_no_more_trusted_than_others(world, host):
    await refused_everywhere(world, f"http://{host}/login")
    world.change("house-files", redirect_uris=("http://localhost:8080/*",))
    await refused_everywhere(world, f"http://{host}:8081/login")


@pytest.mark.parametrize(
    "service",
    [
        "https://key-person.test@evil.test/login",
        "https://a@b@key-person.test/login",
        "https://evil.test\\@key-person.test/files/7",
        "https://key-person.test:pw@evil.test/files/7",
    ],
)
async def test_user_information_in_an_address_fools_nobody(world, service):
    await refused_everywhere(world, service)


@pytest.mark.parametrize(
    "service",
    [
        "https://key-personXtest/login",
        "https://keyxperson.test/login",
        "https://key-person.test.evil.test/login",
        "https://evil-key-person.test/login",
        "https://key-person.test/loginx",
        "https://key-person.test/login/",
        "http://key-person.test/login",
        "https://key-person.test:8443/login",
        "https://KEY-PERSON.test/login",
    ],
)
async def test_a_registered_address_is_no_pattern(world, service):
    await refused_everywhere(world, service)


@pytest.mark.parametrize(
    "service",
    [
        "https://key-person.test/filesystem",
        "https://key-person.test/files/../login",
        "https://key-person.test/files/%2e%2e/login",
        "https://key-person.test/files/..%2flogin",
        "https://key-person.test/files/;/x",
        "https://key-person.test/files/7;jsessionid=1;x=2",
        "https://key-person.test/files/7;jsessionid=1/../../login",
        "https://key-person.test/files//evil",
        "https://key-person.test/files/\\evil",
        "https://key-person.test/files/%0d%0aLocation:x",
        "https://key-person.test/files/7#x",
        " https://key-person.test/files/7",
    ],
)
async def test_a_registered_path_ends_at_the_boundary_of_a_segment(world, service):
    await refused_everywhere(world, service)


async def test_an_app_without_addresses_has_none(world):
    world.change("key-person", redirect_uris=())

    await refused_everywhere(world, SERVICE)


@pytest.mark.parametrize("name", ["ticket", "SAMLart", "pgtIou"])
async def test_a_service_that_carries_an_answer_already_is_refused(world, name):
    await refused_everywhere(world, f"https://key-person.test/files/7?{name}=ST-attacker")


async def test_a_parameter_given_twice_is_refused(world):
    twice = f"service={SERVICE}&service={ELSEWHERE}"
    assert (await world.http.get(f"/cas/login?{twice}")).status_code == 400
    ticket = await world.ticket()
    answer = await world.http.get(f"/cas/serviceValidate?ticket={ticket}&{twice}")
    assert "INVALID_REQUEST" in answer.text


async def test_the_bridges_own_callback_is_no_service(world):
    await refused_everywhere(world, f"{ISSUER}/apps/callback/workers/key-person")


async def test_an_app_of_another_protocol_is_not_entered_by_cas(world):
    await refused_everywhere(world, "https://g.test/")


async def test_text_smuggled_into_a_ticket_validates_nothing(world):
    ticket = await world.ticket()
    for smuggled in (
        f"{ticket}&service={ELSEWHERE}",
        f"{ticket}#",
        f"{ticket}\n",
        f" {ticket}",
        f"{ticket[:-1]}%41",
        ticket.replace("ST-", "PT-"),
        ticket[:-1],
    ):
        assert code_of(await world.shown(smuggled)) in ("INVALID_TICKET", "INVALID_TICKET_SPEC")
    assert user_of(await world.shown(ticket)) == "chen"


async def test_a_ticket_of_another_app_is_refused_and_spent(world):
    ticket = await world.ticket(ELSEWHERE)

    assert code_of(await world.shown(ticket)) == "INVALID_SERVICE"
    assert code_of(await world.shown(ticket, ELSEWHERE)) == "INVALID_TICKET"


async def test_a_ticket_is_for_the_very_service_and_not_for_another_of_the_same_app(world):
    ticket = await world.ticket("https://key-person.test/files/7")

    assert code_of(await world.shown(ticket, "https://key-person.test/files/8")) == (
        "INVALID_SERVICE"
    )


async def test_a_failure_repeats_nothing_that_was_sent(world):
    hostile = "ST-<cas:authenticationSuccess><cas:user>admin</cas:user>"
    for path in ("serviceValidate", "p3/serviceValidate", "proxyValidate", "validate"):
        for more in ({}, {"format": "JSON"}):
            query = {"ticket": hostile, "service": hostile, **more}
            answer = await world.http.get(f"/cas/{path}", params=query)
            assert "admin" not in answer.text
            assert "uccess" not in answer.text


async def test_text_of_a_person_cannot_become_markup(world):
    world.realms["workers"].person.name = "</cas:name><cas:roles>admin</cas:roles>\x00\x08"

    told = await world.shown(await world.ticket())

    assert [one.text for one in told.iter(f"{CAS}roles")] == ["visitor"]
    assert told.findtext(f".//{CAS}name") == "</cas:name><cas:roles>admin</cas:roles>"


async def test_a_claim_name_that_xml_cannot_hold_stays_one_attribute(world):
    world.realms["workers"].person.more = {"urn:x><cas:user>admin": "v", "1st": ["a", 2]}

    told = await world.shown(await world.ticket())

    assert user_of(told) == "chen"
    assert told.findtext(f".//{CAS}urn_x__cas_user_admin") == "v"
    assert [one.text for one in told.iter(f"{CAS}_1st")] == ["a", "2"]


async def test_a_ticket_works_once_also_for_many_who_ask_at_the_same_moment():
    world = CasWorld(RacingStore)
    await world.heard()
    ticket = await world.ticket()

    told = await asyncio.gather(*(world.shown(ticket) for _ in range(8)))

    assert sorted(one.tag == f"{CAS}authenticationSuccess" for one in told) == [False] * 7 + [True]


async def test_a_ticket_lives_ten_seconds(world):
    early, late = await world.ticket(), await world.ticket()
    await world.later(9.9)
    assert user_of(await world.shown(early)) == "chen"
    await world.later(0.2)

    assert code_of(await world.shown(late)) == "INVALID_TICKET"


def test_tickets_are_long_and_never_the_same(world):
    made = [new_ticket("ST", world.apps.apps[0])[10:] for _ in range(2000)]

    assert len(set(made)) == 2000
    assert {len(random) for random in made} == {22}
    assert len(set("".join(made))) == 62


async def test_a_proxy_ticket_at_service_validate_gives_no_success(world):
    ticket = await proxy_ticket(world, await proxied(world))

    answer = await world.http.get(
        "/cas/serviceValidate", params={"ticket": ticket, "service": ELSEWHERE}
    )

    assert "INVALID_TICKET_SPEC" in answer.text
    assert "authenticationSuccess" not in answer.text


async def test_nothing_is_told_that_the_client_does_not_release(world):
    told = await world.shown(await world.ticket())

    names = {child.tag.removeprefix(CAS) for child in told.find(f"{CAS}attributes")}
    assert not names & {"realm_access", "resource_access", "bridge_account", "groups", "sub"}


async def test_a_ticket_logged_out_at_one_copy_is_dead_at_the_other(world):
    ticket = await world.ticket()
    other = world.browser()
    await world.revocations.end_session("workers", "sid-workers")

    answer = await other.get(
        "/cas/p3/serviceValidate", params={"ticket": ticket, "service": SERVICE}
    )

    assert "INVALID_TICKET" in answer.text
    await world.app_logout.session_over("workers", "sid-workers")
    assert world.teller.told == []


async def test_a_session_that_ends_while_the_ticket_is_shown_is_told_or_refused(world):
    ticket = await world.ticket()
    told = await world.shown(ticket)
    await world.revocations.end_session("workers", "sid-workers")

    await world.app_logout.session_over("workers", "sid-workers")

    assert user_of(told) == "chen"
    assert [visit.reference for visit in world.teller.told] == [ticket]


async def test_somebody_disabled_after_signing_in_gets_no_further(world):
    ticket = await world.ticket()
    world.clients["workers", "key-person"].over = True
    await world.later(1)
    await world.revocations.stale_account("workers", "chen")

    assert code_of(await world.shown(ticket)) == "INVALID_TICKET"


async def test_a_role_taken_while_the_ticket_is_on_its_way_counts(world):
    ticket = await world.ticket()
    world.realms["workers"].person.apps.pop("key-person")
    await world.later(1)
    await world.revocations.stale_account("workers", "chen")

    assert code_of(await world.shown(ticket)) == "INVALID_TICKET"


async def test_nobody_without_a_role_gets_a_ticket(world):
    world.realms["workers"].person.apps.pop("key-person")

    answer = await world.go("/cas/login", service=SERVICE)

    assert answer.status_code == 403


async def test_a_suspended_app_gets_neither_ticket_nor_answer(world):
    ticket = await world.ticket()
    world.change("key-person", enabled=False)

    assert code_of(await world.shown(ticket)) == "INVALID_TICKET"
    assert (await world.go("/cas/login", service=SERVICE)).status_code == 403
    silent = await world.go("/cas/login", service=SERVICE, gateway="true")
    assert silent.headers["location"] == SERVICE


async def test_a_service_taken_off_the_app_meanwhile_is_not_answered(world):
    ticket = await world.ticket()
    world.change("key-person", redirect_uris=(ELSEWHERE,))

    assert code_of(await world.shown(ticket)) == "INVALID_SERVICE"


async def test_a_wide_address_of_one_app_gives_no_ticket_for_a_service_of_another(world):
    # Who validates is known by the service only: a ticket of the one would be good at the other.
    world.change("house-files", redirect_uris=("https://key-person.test/*",))
    world.realms["workers"].person.apps.pop("key-person")

    for service in (SERVICE, "https://key-person.test/files/7"):
        assert (await world.go("/cas/login", service=service)).status_code == 403
        silent = await world.go("/cas/login", service=service, gateway="true")
        assert silent.headers["location"] == service
    assert (await world.ticket("https://key-person.test/reading")).startswith("ST-")


async def test_a_ticket_is_not_good_at_an_app_that_took_the_service_over(world):
    world.change("house-files", redirect_uris=("https://key-person.test/*",))
    ticket = await world.ticket("https://key-person.test/reading")
    world.change("key-person", redirect_uris=("https://key-person.test/reading",))

    refusal = await world.shown(ticket, "https://key-person.test/reading")

    assert code_of(refusal) == "INVALID_SERVICE"


async def test_a_service_that_two_apps_claim_alike_is_neithers(world):
    world.change("house-files", redirect_uris=(SERVICE,))

    assert (await world.go("/cas/login", service=SERVICE)).status_code == 400


async def test_an_app_that_asks_for_more_gets_nobody_who_proved_less(world):
    world.change("key-person", minimum_acr="mfa")

    answer = await world.go("/cas/login", service=SERVICE)

    assert answer.status_code == 403
    world.realms["workers"].person.acr = "mfa"
    assert user_of(await world.shown(await world.ticket())) == "chen"


async def test_renew_is_not_answered_out_of_a_session(world):
    await world.ticket()
    await world.later(60)
    for client in world.clients.values():
        client.strips_prompt = True

    answer = await world.go("/cas/login", service=SERVICE, renew="true")

    assert answer.status_code == 403
    assert "ticket=" not in answer.text


async def test_renew_at_validation_refuses_a_ticket_out_of_a_session(world):
    await world.ticket(ELSEWHERE)
    await world.later(60)
    ticket = await world.ticket()

    assert code_of(await world.shown(ticket, renew="true")) == "INVALID_TICKET"
    fresh = await world.ticket(renew="true")
    assert user_of(await world.shown(fresh, renew="true")) == "chen"


async def test_a_sign_in_that_another_browser_began_gives_no_ticket(world):
    begun = await world.http.get("/cas/login", params={"service": SERVICE})

    victim = world.browser()
    answer = await victim.get(begun.headers["location"])

    assert answer.status_code == 400


async def test_signing_out_is_no_open_redirect(world):
    await world.ticket()

    answer = await world.go("/cas/logout", service="https://evil.test/")

    assert "evil" not in answer.headers["location"]
    page = await world.go("/cas/signed-out", state="https://evil.test/")
    assert page.status_code == 200
    assert 'href="https://evil' not in page.text


async def test_a_proxy_callback_that_nobody_registered_is_never_called(world):
    for url in (
        f"{CALLBACK}/",
        "http://house-files.test/pgt",
        "https://169.254.169.254/pgt",
        "https://house-files.test/pgt?pgtId=x",
        "https://house-files.test@evil.test/pgt",
    ):
        told = await world.shown(await world.ticket(REPORT), REPORT, pgtUrl=url)
        assert code_of(told) == "INVALID_PROXY_CALLBACK"
    assert world.callback.called == []


async def test_an_app_that_may_not_proxy_is_not_called_back(world):
    told = await world.shown(await world.ticket(), pgtUrl=CALLBACK)

    assert code_of(told) == "UNAUTHORIZED_SERVICE_PROXY"
    assert world.callback.called == []


async def test_a_callback_that_does_not_answer_gets_nothing_that_works(world):
    world.callback.silent = True
    told = await world.shown(await world.ticket(REPORT), REPORT, pgtUrl=CALLBACK)

    assert code_of(told) == "INVALID_PROXY_CALLBACK"
    pgt = world.callback.called[0]["pgtId"]
    assert await proxy_ticket(world, pgt) == "INVALID_TICKET"


async def test_nobody_is_proxied_to_an_app_that_did_not_agree(world):
    pgt = await proxied(world)

    assert await proxy_ticket(world, pgt, SERVICE) == "UNAUTHORIZED_SERVICE"
    assert await proxy_ticket(world, pgt, "https://evil.test/") == "UNAUTHORIZED_SERVICE"


async def test_nobody_is_proxied_to_an_app_that_they_may_not_enter(world):
    pgt = await proxied(world)
    world.realms["workers"].person.apps.pop("house-files")

    assert await proxy_ticket(world, pgt) == "UNAUTHORIZED_SERVICE"


async def test_proxying_ends_with_the_session(world):
    pgt = await proxied(world)
    ticket = await proxy_ticket(world, pgt)
    await world.revocations.end_session("workers", "sid-workers")

    assert await proxy_ticket(world, pgt) == "INVALID_TICKET"
    told = await world.shown(ticket, ELSEWHERE, "/cas/p3/proxyValidate")
    assert code_of(told) == "INVALID_TICKET"


async def test_proxying_ends_when_the_proxying_app_is_suspended(world):
    pgt = await proxied(world)
    world.change("report", enabled=False)

    assert await proxy_ticket(world, pgt) == "UNAUTHORIZED_SERVICE"


async def test_an_app_that_is_suspended_is_told_of_those_who_came_by_proxy_too(world):
    """They have no session at Keycloak as this app's client."""
    ticket = await proxy_ticket(world, await proxied(world))
    assert user_of(await world.shown(ticket, ELSEWHERE, "/cas/p3/proxyValidate"))

    await world.app_logout.app_over("workers", "house-files")

    assert [visit.reference for visit in world.teller.told] == [ticket]


async def test_a_disabled_account_is_not_proxied(world):
    pgt = await proxied(world)
    world.introductions.disabled = True

    assert await proxy_ticket(world, pgt) == "UNAUTHORIZED_SERVICE"


async def test_a_service_ticket_is_no_proxy_granting_ticket(world):
    assert await proxy_ticket(world, await world.ticket()) == "INVALID_TICKET"
    pgt = await proxied(world)
    told = await world.shown(pgt, REPORT, "/cas/p3/proxyValidate")
    assert code_of(told) == "INVALID_TICKET"


async def test_a_store_that_is_away_is_an_error_and_never_a_success():
    world = CasWorld(LeavingStore)
    await world.heard()
    ticket = await world.ticket()

    world.store.away = True

    assert code_of(await world.shown(ticket)) == "INTERNAL_ERROR"


async def test_an_administrator_finds_out_why_a_ticket_was_refused(world):
    ticket = await world.ticket()
    await world.shown(ticket, "https://key-person.test/files/1")
    await world.shown(ticket)

    trail = await world.trail.why_refused(ticket)

    assert trail.issued is not None
    assert (trail.issued.client_id, trail.issued.service) == ("key-person", SERVICE)
    assert [(one.reason, one.service) for one in trail.refusals] == [
        ("other_service", "https://key-person.test/files/1"),
        ("used", SERVICE),
    ]
    assert world.audit.names == ["ticket_refused", "ticket_refused"]
    assert all(ticket not in json.dumps(dict(event.detail)) for event in world.audit.events)


async def test_an_expired_ticket_is_told_from_one_that_was_never_issued(world):
    ticket = await world.ticket()
    await world.later(11)
    await world.shown(ticket)
    never = ticket[:-4] + "AAAA"
    await world.shown(never)

    assert (await world.trail.why_refused(ticket)).issued is not None
    trail = await world.trail.why_refused(never)
    assert trail.issued is None
    assert [one.reason for one in trail.refusals] == ["unknown"]


async def test_guesses_fill_neither_the_record_nor_the_store(world):
    for number in range(20):
        await world.shown(f"ST-{number:029d}")
        await world.shown("x" * 5000)
    for _ in range(20):
        await world.shown("ST-" + "0" * 29)

    assert world.audit.events == []
    assert len((await world.trail.why_refused("ST-" + "0" * 29)).refusals) == 5


async def test_a_ticket_is_kept_nowhere_in_the_clear(world):
    ticket = await world.ticket()

    kept = "".join(world.store._values) + "".join(map(str, world.store._values.values()))

    assert ticket not in kept
