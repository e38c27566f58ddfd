"""Sessions of the portals: bound to their browser, and never older than what Keycloak says."""

import asyncio

import pytest

from idp_bridge.core.errors import InvalidGrant, NotSignedIn, Unavailable
from tests.web.portal_world import PortalWorld


@pytest.fixture
async def portal() -> PortalWorld:
    world = PortalWorld()
    world.keycloak.person.apps = {"legal-aid": ["applicant"]}
    await world.heard()
    return world


async def sign_in(world: PortalWorld, previous: str | None = None) -> str:
    await world.sessions.begin(browser="pc", wanted="/", extra={})
    finished = await world.sessions.finish(
        browser="pc", state=world.keycloak.asked["state"], code="good", previous=previous
    )
    return finished.token


async def test_a_finished_login_is_a_session_with_the_rights_of_the_token(portal):
    session = await portal.sessions.current(await sign_in(portal))

    assert (session.subject, session.name) == ("zhang", "张伟")
    assert session.roles_in("legal-aid") == {"applicant"}
    assert session.roles_in("grid-service") == frozenset()


async def test_a_login_that_another_browser_began_cannot_be_finished(portal):
    await portal.sessions.begin(browser="attacker", wanted="/", extra={})

    with pytest.raises(InvalidGrant):
        await portal.sessions.finish(
            browser="victim", state=portal.keycloak.asked["state"], code="good"
        )


async def test_a_login_finishes_once(portal):
    await sign_in(portal)

    with pytest.raises(InvalidGrant):
        await portal.sessions.finish(
            browser="pc", state=portal.keycloak.asked["state"], code="good"
        )


async def test_a_code_of_another_login_is_refused_by_its_verifier(portal):
    await portal.sessions.begin(browser="pc", wanted="/", extra={})
    state = portal.keycloak.asked["state"]
    await portal.sessions.begin(browser="pc", wanted="/", extra={})

    with pytest.raises(InvalidGrant):
        await portal.sessions.finish(browser="pc", state=state, code="good")


async def test_a_session_token_from_before_the_login_stops_working(portal):
    before = await sign_in(portal)
    after = await sign_in(portal, previous=before)

    assert before != after
    with pytest.raises(NotSignedIn):
        await portal.sessions.current(before)
    assert (await portal.sessions.current(after)).subject == "zhang"


async def test_a_session_of_one_portal_is_none_of_another(portal):
    worker = PortalWorld("worker", "workers")
    worker.store._values = portal.store._values

    with pytest.raises(NotSignedIn):
        await worker.sessions.current(await sign_in(portal))


async def test_rights_are_not_asked_for_again_while_nothing_changed(portal):
    token = await sign_in(portal)
    for _ in range(5):
        await portal.later(10)
        await portal.sessions.current(token)

    assert portal.keycloak.refreshes == 0


async def test_a_marked_change_is_in_force_at_the_next_use(portal):
    token = await sign_in(portal)
    portal.keycloak.person.apps = {}
    await portal.later(1)
    await portal.revocations.stale_account("residents", "zhang")

    assert (await portal.sessions.current(token)).roles_in("legal-aid") == frozenset()


async def test_rights_end_after_sixty_seconds_without_any_mark(portal):
    token = await sign_in(portal)
    portal.keycloak.person.apps = {}
    await portal.later(60)

    assert (await portal.sessions.current(token)).roles_in("legal-aid") == frozenset()


async def test_rights_of_somebody_from_ldap_are_read_again_after_two_seconds(portal):
    portal.keycloak.person.more = {"ldap_id": "e1"}
    token = await sign_in(portal)
    await portal.later(2)

    await portal.sessions.current(token)

    assert portal.keycloak.refreshes == 1


async def test_without_a_follower_every_use_reads_live(portal):
    token = await sign_in(portal)
    portal.clock.advance(11)

    await portal.sessions.current(token)
    portal.clock.advance(0.1)
    await portal.sessions.current(token)

    assert portal.keycloak.refreshes == 2


async def test_a_session_ended_at_keycloak_is_over(portal):
    token = await sign_in(portal)
    portal.keycloak.over = True
    await portal.later(1)
    await portal.revocations.stale_account("residents", "zhang")

    for _ in range(2):
        with pytest.raises(NotSignedIn):
            await portal.sessions.current(token)
    assert portal.keycloak.refreshes == 1


@pytest.mark.parametrize("logout_token", ["sid:kc-session-1", "sub:zhang"])
async def test_keycloaks_logout_token_ends_the_session_at_once(portal, logout_token):
    token = await sign_in(portal)

    await portal.sessions.ended_at_keycloak(logout_token)

    with pytest.raises(NotSignedIn):
        await portal.sessions.current(token)


async def test_while_keycloak_is_away_rights_live_sixty_seconds_and_no_longer(portal):
    token = await sign_in(portal)
    portal.keycloak.away = True
    portal.clock.advance(59)
    assert (await portal.sessions.current(token)).subject == "zhang"

    portal.clock.advance(1)
    with pytest.raises(Unavailable):
        await portal.sessions.current(token)


async def test_many_uses_at_once_refresh_once(portal):
    token = await sign_in(portal)
    await portal.later(61)

    sessions = await asyncio.gather(*(portal.sessions.current(token) for _ in range(20)))

    assert {session.subject for session in sessions} == {"zhang"}
    assert portal.keycloak.refreshes == 1


async def test_a_refresh_that_answers_for_somebody_else_ends_the_session(portal):
    token = await sign_in(portal)
    portal.keycloak.person.subject = "wang"
    await portal.later(61)

    with pytest.raises(NotSignedIn):
        await portal.sessions.current(token)


async def test_signing_out_ends_here_and_leads_to_keycloaks_logout(portal):
    token = await sign_in(portal)

    url = await portal.sessions.end(token, "https://resident.test/signed-out")

    assert url.startswith("https://keycloak.test/logout?id_token_hint=id-token")
    with pytest.raises(NotSignedIn):
        await portal.sessions.current(token)


async def test_keycloak_answering_out_of_an_ended_session_signs_nobody_in(portal):
    await portal.revocations.end_session("residents", "kc-session-1")

    with pytest.raises(NotSignedIn):
        await sign_in(portal)


async def test_no_refresh_token_is_stored_in_the_clear(portal):
    await sign_in(portal)

    stored = b"".join(value for value, _ in portal.store._values.values())
    assert b"refresh-0" not in stored
    assert b"id-token" not in stored
