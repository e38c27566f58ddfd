"""CAS as it is meant to be used: in, told who it is, on to the next app, out."""

import re

import pytest

from tests.endpoints.cas_world import (
    CALLBACK,
    CAS,
    ELSEWHERE,
    ISSUER,
    SERVICE,
    CasWorld,
    code_of,
    proxied,
    proxy_ticket,
    query_of,
    user_of,
)


@pytest.fixture
async def world() -> CasWorld:
    world = CasWorld()
    await world.heard()
    return world


async def test_a_ticket_tells_the_app_who_it_is_with_roles_and_posts(world):
    ticket = await world.ticket()

    told = await world.shown(ticket)

    assert user_of(told) == "chen"
    said = {child.tag.removeprefix(CAS): child.text for child in told.find(f"{CAS}attributes")}
    assert said == {
        "authenticationDate": "2026-11-24T08:00:00.000Z",
        "longTermAuthenticationRequestTokenUsed": "false",
        "isFromNewLogin": "true",
        "name": "陈静",
        "realm": "workers",
        "roles": "visitor",
        "posts": "/baoan/xixiang/grid-worker",
    }


async def test_a_ticket_has_the_grammar_and_length_that_old_clients_take(world):
    assert re.fullmatch(r"ST-[A-Za-z0-9]{29}", await world.ticket())


async def test_the_second_app_is_entered_without_a_word(world):
    await world.shown(await world.ticket())
    await world.later(30)

    told = await world.shown(await world.ticket(ELSEWHERE), ELSEWHERE)

    assert user_of(told) == "chen"
    assert told.findtext(f".//{CAS}isFromNewLogin") == "false"
    assert told.findtext(f".//{CAS}roles") == "reader"


async def test_cas_one_is_answered_in_two_lines(world):
    query = {"ticket": await world.ticket(), "service": SERVICE}

    assert (await world.http.get("/cas/validate", params=query)).text == "yes\nchen\n"
    assert (await world.http.get("/cas/validate", params=query)).text == "no\n\n"


async def test_cas_two_is_told_the_user_and_nothing_else(world):
    told = await world.shown(await world.ticket(), path="/cas/serviceValidate")

    assert [child.tag for child in told] == [f"{CAS}user"]


async def test_json_says_the_same(world):
    query = {"ticket": await world.ticket(), "service": SERVICE, "format": "JSON"}
    good = (await world.http.get("/cas/p3/serviceValidate", params=query)).json()
    again = (await world.http.get("/cas/p3/serviceValidate", params=query)).json()

    success = good["serviceResponse"]["authenticationSuccess"]
    assert (success["user"], success["attributes"]["roles"]) == ("chen", ["visitor"])
    assert again["serviceResponse"]["authenticationFailure"]["code"] == "INVALID_TICKET"


async def test_a_form_carries_the_ticket_when_the_app_wants_a_post(world):
    page = await world.go("/cas/login", service=SERVICE, method="POST")

    assert f'action="{SERVICE}"' in page.text
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket is not None
    assert user_of(await world.shown(ticket[1])) == "chen"
    assert "ticket=" not in str(page.url)


async def test_a_deep_link_below_a_registered_path_comes_back_to_that_very_address(world):
    service = "https://key-person.test/files/7?view=full"

    answer = await world.go("/cas/login", service=service)

    assert answer.headers["location"].startswith(f"{service}&ticket=ST-")


async def test_gateway_comes_back_without_a_ticket_when_nobody_is_signed_in(world):
    answer = await world.go("/cas/login", service=SERVICE, gateway="true")

    assert answer.headers["location"] == SERVICE


async def test_gateway_comes_back_with_a_ticket_when_somebody_is(world):
    await world.ticket(ELSEWHERE)

    assert user_of(await world.shown(await world.ticket(gateway="true"))) == "chen"


async def test_gateway_comes_back_without_a_ticket_for_somebody_without_a_role(world):
    await world.ticket(ELSEWHERE)
    world.realms["workers"].person.apps.pop("key-person")

    answer = await world.go("/cas/login", service=SERVICE, gateway="true")

    assert answer.headers["location"] == SERVICE


async def test_gateway_of_an_app_of_both_realms_finds_whoever_is_signed_in(world):
    world.realms["workers"].person.apps["both"] = ["user"]
    await world.ticket()

    answer = await world.go("/cas/login", service="https://both.test/cas", gateway="true")

    told = await world.shown(query_of(answer)["ticket"], "https://both.test/cas")
    assert user_of(told) == "chen"
    assert ("workers", "both") in world.clients


async def test_an_app_of_both_realms_asks_as_whom_to_enter(world):
    page = await world.go("/cas/login", service="https://both.test/cas")

    assert page.status_code == 200
    assert "realm=residents" in page.text
    assert "realm=workers" in page.text


async def test_an_attribute_has_the_name_that_the_app_wants(world):
    service = "https://report.test/"
    told = await world.shown(await world.ticket(service), service)

    assert told.findtext(f".//{CAS}memberOf") == "author"
    assert told.find(f".//{CAS}roles") is None


async def test_signing_out_ends_the_session_and_returns_to_a_registered_address(world):
    await world.shown(await world.ticket())

    answer = await world.go("/cas/logout", service="https://house-files.test/bye")

    to = query_of(answer)
    assert answer.headers["location"].startswith("https://keycloak.test/logout")
    assert (to["to"], to["state"]) == (f"{ISSUER}/cas/signed-out", "https://house-files.test/bye")
    back = await world.go("/cas/signed-out", state=to["state"])
    assert back.headers["location"] == "https://house-files.test/bye"


async def test_signing_out_without_an_address_ends_the_session_too(world):
    await world.shown(await world.ticket())

    answer = await world.go("/cas/logout")

    assert answer.headers["location"].startswith("https://keycloak.test/logout")
    assert "state" not in query_of(answer)


async def test_signing_out_when_nobody_is_signed_in_says_so_on_a_page(world):
    page = await world.go("/cas/logout")

    assert page.status_code == 200
    assert str(page.url) == f"{ISSUER}/cas/signed-out"


async def test_signing_out_of_a_suspended_app_ends_the_session_all_the_same(world):
    await world.shown(await world.ticket())
    world.change("house-files", enabled=False)

    answer = await world.go("/cas/logout", service="https://house-files.test/bye")

    assert answer.headers["location"].startswith("https://keycloak.test/logout")
    assert query_of(answer)["state"] == "https://house-files.test/bye"


async def test_whoever_is_signed_in_is_asked_for_no_level_to_sign_out(world):
    await world.shown(await world.ticket())
    world.change("key-person", minimum_acr="passkey")

    answer = await world.go("/cas/logout", service=SERVICE)

    assert answer.headers["location"].startswith("https://keycloak.test/logout")
    asked = {key: client.asked for key, client in world.clients.items() if client.asked}
    assert "acr_values" not in asked["workers", "house-files"]


async def test_the_end_of_the_session_is_told_by_the_ticket_that_the_app_knows(world):
    ticket = await world.ticket()
    await world.shown(ticket)

    await world.app_logout.session_over("workers", "sid-workers")

    [visit] = world.teller.told
    assert (visit.reference, visit.tell, visit.user) == (ticket, SERVICE, "chen")


async def test_an_app_is_told_at_its_logout_address_or_not_at_all_if_it_wants(world):
    world.change("key-person", settings={"logout_url": "https://key-person.test/slo"})
    world.change("house-files", settings={"single_logout": False})
    await world.shown(await world.ticket())
    await world.shown(await world.ticket(ELSEWHERE), ELSEWHERE)

    await world.app_logout.session_over("workers", "sid-workers")

    assert [visit.tell for visit in world.teller.told] == ["https://key-person.test/slo"]


async def test_an_app_stands_in_for_the_person_at_another_that_agrees(world):
    ticket = await proxy_ticket(world, await proxied(world))

    told = await world.shown(ticket, ELSEWHERE, "/cas/p3/proxyValidate")

    assert user_of(told) == "chen-at-house-files"
    assert told.findtext(f".//{CAS}roles") == "reader"
    assert [one.text for one in told.findall(f"{CAS}proxies/{CAS}proxy")] == [CALLBACK]


async def test_a_service_ticket_is_good_at_proxy_validate_too(world):
    told = await world.shown(await world.ticket(), path="/cas/proxyValidate")

    assert user_of(told) == "chen"


async def test_a_request_that_lacks_something_is_told_so(world):
    for query in ({"ticket": "ST-1"}, {"service": SERVICE}, {}):
        answer = await world.http.get("/cas/serviceValidate", params=query)
        assert "INVALID_REQUEST" in answer.text
    told = await world.shown(await world.ticket(), format="YAML")
    assert code_of(told) == "INVALID_REQUEST"
    assert await proxy_ticket(world, "", "") == "INVALID_REQUEST"


async def test_a_servlet_that_writes_its_session_into_its_address_is_the_same_service(world):
    service = "https://key-person.test/files/7;jsessionid=node0.abc!1?view=full"
    answer = await world.go("/cas/login", service=service)
    assert answer.headers["location"].startswith(
        "https://key-person.test/files/7?view=full&ticket="
    )
    told = await world.shown(query_of(answer)["ticket"], service)
    assert user_of(told) == "chen"
