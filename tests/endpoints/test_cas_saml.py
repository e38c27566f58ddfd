"""``samlValidate``: the ticket in a SOAP envelope, the answer as a SAML 1.1 assertion."""

from xml.etree.ElementTree import Element, fromstring

import pytest

from tests.endpoints.cas_world import SERVICE, CasWorld, query_of

SAML = "{urn:oasis:names:tc:SAML:1.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:1.0:protocol}"
REQUEST = """<?xml version="1.0" encoding="UTF-8"?>{before}
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>
<samlp:Request xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol" MajorVersion="1" MinorVersion="1"
 RequestID="{number}" IssueInstant="2026-11-24T08:00:00Z">
<samlp:AssertionArtifact>{ticket}</samlp:AssertionArtifact>{after}</samlp:Request>
</SOAP-ENV:Body></SOAP-ENV:Envelope>"""


@pytest.fixture
async def world() -> CasWorld:
    world = CasWorld()
    await world.heard()
    return world


async def asked(world: CasWorld, body: str | bytes, service: str = SERVICE) -> Element:
    answer = await world.http.post(
        "/cas/samlValidate",
        params={"TARGET": service},
        content=body if isinstance(body, bytes) else body.encode(),
        headers={"content-type": "text/xml"},
    )
    assert answer.status_code == 200
    [response] = fromstring(answer.content).iter(f"{SAMLP}Response")
    return response


def request(ticket: str, number: str = "_1", before: str = "", after: str = "") -> str:
    return REQUEST.format(ticket=ticket, number=number, before=before, after=after)


def status_of(response: Element) -> str:
    [code] = response.iter(f"{SAMLP}StatusCode")
    return code.attrib["Value"]


async def test_the_assertion_says_who_it_is_for_whom_and_until_when(world):
    response = await asked(world, request(await world.ticket(), "_abc"))

    assert status_of(response) == "saml1p:Success"
    assert response.attrib["InResponseTo"] == "_abc"
    [assertion] = response.iter(f"{SAML}Assertion")
    assert {one.text for one in assertion.iter(f"{SAML}NameIdentifier")} == {"chen"}
    assert assertion.findtext(f".//{SAML}Audience") == SERVICE
    [conditions] = assertion.iter(f"{SAML}Conditions")
    assert conditions.attrib["NotOnOrAfter"] == "2026-11-24T08:01:00.000Z"
    said = {
        attribute.attrib["AttributeName"]: attribute.findtext(f"{SAML}AttributeValue")
        for attribute in assertion.iter(f"{SAML}Attribute")
    }
    assert said["roles"] == "visitor"


async def test_a_client_that_names_its_target_gets_its_ticket_as_an_artifact(world):
    answer = await world.go("/cas/login", TARGET=SERVICE)

    response = await asked(world, request(query_of(answer)["SAMLart"]))

    assert status_of(response) == "saml1p:Success"


async def test_a_ticket_works_once_and_for_its_service_only(world):
    ticket = await world.ticket()
    other = await world.ticket()

    assert status_of(await asked(world, request(ticket))) == "saml1p:Success"
    assert status_of(await asked(world, request(ticket))) == "saml1p:RequestDenied"
    denied = await asked(world, request(other), "https://key-person.test/files/1")
    assert status_of(denied) == "saml1p:RequestDenied"
    assert not list(denied.iter(f"{SAML}Assertion"))


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE x [<!ENTITY t SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "https://evil.test/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
    ],
)
async def test_a_document_with_a_type_or_entities_is_not_read(world, before):
    ticket = await world.ticket()

    assert status_of(await asked(world, request(ticket, before=before))) == "saml1p:RequestDenied"
    assert status_of(await asked(world, request(ticket))) == "saml1p:Success"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<x",
        b"<x/>",
        b"\xff\xfe",
        b"<a>" * 5000,
        b"x" * 30_000,
        request("ST-1", number="<script>").encode(),
        request("ST-1", number="x" * 200).encode(),
    ],
)
async def test_anything_else_is_denied(world, body):
    response = await asked(world, body)

    assert status_of(response) == "saml1p:RequestDenied"
    assert "InResponseTo" not in response.attrib


async def test_two_artifacts_in_one_request_are_one_too_many(world):
    ticket = await world.ticket()
    second = f"<samlp:AssertionArtifact>{ticket}</samlp:AssertionArtifact>"

    response = await asked(world, request(ticket, after=second))

    assert status_of(response) == "saml1p:RequestDenied"


async def test_a_comment_inside_the_ticket_does_not_cut_it(world):
    ticket = await world.ticket()

    response = await asked(world, request(f"{ticket[:10]}<!-- -->{ticket[10:]}"))

    assert status_of(response) in ("saml1p:Success", "saml1p:RequestDenied")
    assert status_of(await asked(world, request(ticket[:10]))) == "saml1p:RequestDenied"


async def test_a_request_without_a_number_is_answered_without_one(world):
    body = request(await world.ticket()).replace('RequestID="_1"', "")

    response = await asked(world, body)

    assert status_of(response) == "saml1p:Success"
    assert "InResponseTo" not in response.attrib
