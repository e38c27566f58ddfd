"""CAS with SAML 1.1 answers (``samlValidate``): a ticket in a SOAP envelope in, an assertion out.

This is the ticket validation of CAS in other clothes, not SAML: of what was sent only the ticket
and the request's number are read, and a document with a DTD or entities is refused unread.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from xml.etree.ElementTree import (
    Element,
    ParseError,
    SubElement,
    register_namespace,
    tostring,
)

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from starlette.responses import Response

from idp_bridge.core.cas import Validated
from idp_bridge.endpoints.cas_answers import attributes, moment, writable

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PROTOCOL = "urn:oasis:names:tc:SAML:1.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:1.0:assertion"
LONGEST = 20_000
_GOOD_FOR = timedelta(seconds=60)
_SKEW = timedelta(seconds=30)
_ARTIFACT = "urn:oasis:names:tc:SAML:1.0:cm:artifact"
_METHOD = "urn:oasis:names:tc:SAML:1.0:am:unspecified"
# Apache's module gives its requests none.
_NUMBER = re.compile(r"[A-Za-z0-9_.:-]{0,128}")

register_namespace("SOAP-ENV", SOAP)
register_namespace("saml1p", PROTOCOL)
register_namespace("saml1", ASSERTION)


@dataclass(frozen=True, slots=True)
class SamlRequest:
    """The ticket shown, and the number that the answer repeats."""

    ticket: str
    number: str


def read_request(body: bytes) -> SamlRequest | None:
    """What was asked; ``None`` for anything that is not such a request."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    request = root.find(f"{{{SOAP}}}Body/{{{PROTOCOL}}}Request")
    if request is None:
        return None
    artifacts = request.findall(f"{{{PROTOCOL}}}AssertionArtifact")
    number = request.get("RequestID", "")
    if len(artifacts) != 1 or not _NUMBER.fullmatch(number):
        return None
    return SamlRequest((artifacts[0].text or "").strip(), number)


def saml_success(validated: Validated, number: str, issuer: str, now: datetime) -> Response:
    """An assertion about whoever the ticket spoke of."""
    envelope, response = _response(number, now, "saml1p:Success")
    response.set("Recipient", writable(validated.given.service))
    assertion = SubElement(
        response,
        f"{{{ASSERTION}}}Assertion",
        {
            "AssertionID": _new_number(),
            "IssueInstant": moment(now),
            "Issuer": issuer,
            "MajorVersion": "1",
            "MinorVersion": "1",
        },
    )
    until = {"NotBefore": moment(now - _SKEW), "NotOnOrAfter": moment(now + _GOOD_FOR)}
    conditions = SubElement(assertion, f"{{{ASSERTION}}}Conditions", until)
    restriction = SubElement(conditions, f"{{{ASSERTION}}}AudienceRestrictionCondition")
    SubElement(restriction, f"{{{ASSERTION}}}Audience").text = validated.given.service
    at = {
        "AuthenticationInstant": moment(validated.given.session.auth_time),
        "AuthenticationMethod": _METHOD,
    }
    statement = SubElement(assertion, f"{{{ASSERTION}}}AuthenticationStatement", at)
    _subject(statement, validated)
    _attributes(assertion, validated)
    return _answer(envelope)


def saml_failure(number: str, now: datetime) -> Response:
    """No assertion; like every answer of ours it repeats nothing but the number."""
    envelope, _ = _response(number, now, "saml1p:RequestDenied")
    return _answer(envelope)


def _response(number: str, now: datetime, status: str) -> tuple[Element, Element]:
    envelope = Element(f"{{{SOAP}}}Envelope")
    body = SubElement(envelope, f"{{{SOAP}}}Body")
    facts = {
        "ResponseID": _new_number(),
        "IssueInstant": moment(now),
        "MajorVersion": "1",
        "MinorVersion": "1",
    }
    if number:
        facts["InResponseTo"] = number
    response = SubElement(body, f"{{{PROTOCOL}}}Response", facts)
    holder = SubElement(response, f"{{{PROTOCOL}}}Status")
    SubElement(holder, f"{{{PROTOCOL}}}StatusCode", {"Value": status})
    return envelope, response


def _subject(statement: Element, validated: Validated) -> None:
    subject = SubElement(statement, f"{{{ASSERTION}}}Subject")
    user = writable(validated.released.user)
    SubElement(subject, f"{{{ASSERTION}}}NameIdentifier").text = user
    confirmation = SubElement(subject, f"{{{ASSERTION}}}SubjectConfirmation")
    SubElement(confirmation, f"{{{ASSERTION}}}ConfirmationMethod").text = _ARTIFACT


def _attributes(assertion: Element, validated: Validated) -> None:
    said = attributes(validated)
    if not said:
        return
    statement = SubElement(assertion, f"{{{ASSERTION}}}AttributeStatement")
    _subject(statement, validated)
    for name, value in said.items():
        named = {"AttributeName": name, "AttributeNamespace": "http://www.ja-sig.org/products/cas/"}
        attribute = SubElement(statement, f"{{{ASSERTION}}}Attribute", named)
        for one in value if isinstance(value, list) else [value]:
            SubElement(attribute, f"{{{ASSERTION}}}AttributeValue").text = one


def _new_number() -> str:
    return f"_{token_hex(16)}"


def _answer(envelope: Element) -> Response:
    text = tostring(envelope, encoding="utf-8", xml_declaration=True)
    return Response(text, media_type="text/xml", headers={"Cache-Control": "no-store"})
