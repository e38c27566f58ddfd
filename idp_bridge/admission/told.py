"""Check `told`: the app is told what its manifest releases, and nothing beyond.

People of the check carry values that occur nowhere else, so whatever form a document has, a value
in it that the manifest does not release was told too much.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from idp_bridge.admission.browser import Ask, Browser
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.player import Player
from idp_bridge.admission.site import Site
from idp_bridge.core.admission import AppTokens, CheckPerson

_IN_TOKENS = {
    "name": {"name"},
    "username": {"preferred_username"},
    "phone": {"phone_number"},
    "email": {"email"},
    "posts": {"groups"},
}
_TECHNICAL = frozenset(
    {"exp", "iat", "nbf", "auth_time", "jti", "iss", "aud", "sub", "typ", "azp", "nonce", "sid"}
    | {"at_hash", "c_hash", "s_hash", "acr", "session_state", "scope", "allowed-origins"}
    | {"resource_access"}
)
# The bridge's own clients learn these; it does not tell them on.
_FOR_THE_BRIDGE = frozenset({"bridge_sid", "bridge_account", "ldap_id"})
_ATTRIBUTE = "{urn:oasis:names:tc:SAML:2.0:assertion}Attribute"


async def check_tokens(
    site: Site, tokens: AppTokens, person: CheckPerson, role: str, findings: Findings
) -> None:
    """What Keycloak writes into tokens for the app's client."""
    issued = await tokens.of(site.realm, site.manifest.client_id, person.account)
    problems = [
        (reason, {**facts, "where": kind})
        for kind, claims in issued.items()
        for reason, facts in (*_judged(site, claims, person, role), *_unknown(site, claims))
    ]
    problems += [("subject", {}) for claims in issued.values() if _wrong(site, claims, person)][:1]
    _say(problems, "tokens", findings)


async def check_answer(
    player: Player, browser: Browser, person: CheckPerson, role: str, findings: Findings
) -> None:
    """What the bridge or Keycloak sends the app itself, where it comes by the browser."""
    answer = await player.answer(player.signed_on(browser), person)
    document = None if answer is None else await _document(player, answer)
    if document is None:
        findings.skipped("told", "unreadable")
        return
    protocol = player.site.manifest.protocol
    problems = _judged(player.site, document, person, role)
    # In an address there is nothing about the person: the app redeems such a ticket.
    short = answer is not None and answer.form is None and protocol == "ticket"
    told = [
        (reason, {**said, "where": protocol})
        for reason, said in problems
        if not (short and reason == "too_little")
    ]
    _say(told, protocol, findings)


async def check_whoami(
    player: Player, browser: Browser, person: CheckPerson, role: str, findings: Findings
) -> None:
    """What the app says that it was told."""
    page = await browser.open(player.site.whoami, stop=player.site.leaves)
    try:
        document = json.loads(page.text)
    except ValueError:
        findings.failed("whoami", "no_json", where=player.site.whoami)
        return
    problems = [p for p in _judged(player.site, document, person, role) if p[0] != "too_little"]
    for reason, facts in problems:
        findings.failed("whoami", reason, **{**facts, "where": player.site.whoami})
    if not problems:
        findings.passed("whoami")


def _say(problems: list[tuple[str, dict[str, str]]], where: str, findings: Findings) -> None:
    for reason, facts in problems:
        findings.failed("told", reason, **facts)
    if not problems:
        findings.passed("told", where=where)


def _judged(
    site: Site, document: Any, person: CheckPerson, role: str
) -> Iterator[tuple[str, dict[str, str]]]:
    said = set(_leaves(document))
    released = set(site.manifest.claims)
    if site.manifest.subject == "username":
        released.add("username")
    for claim, value in person.personal.items():
        told = any(value in leaf for leaf in said)
        if told and claim not in released:
            yield "too_much", {"claim": claim}
        if claim in released and not told:
            yield "too_little", {"claim": claim}
    others = set(site.manifest.roles[site.realm]) - {role}
    if role not in said or others & said:
        told_roles = sorted((others | {role}) & said)
        yield "wrong_roles", {"role": role, "told": ", ".join(told_roles) or "-"}


def _unknown(site: Site, claims: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    released = {*site.manifest.claims}
    released |= {"username"} if site.manifest.subject == "username" else set()
    known = _TECHNICAL.union(*(_IN_TOKENS[claim] for claim in released))
    if site.manifest.bridge_served:
        known |= _FOR_THE_BRIDGE
    personal = set().union(*_IN_TOKENS.values())
    for claim in sorted(set(claims) - known - personal):
        yield "too_much", {"claim": claim}
    for other in sorted(set(claims.get("resource_access") or {}) - {site.manifest.client_id}):
        yield "too_much", {"claim": f"resource_access.{other}"}


def _wrong(site: Site, claims: Mapping[str, Any], person: CheckPerson) -> bool:
    """Whether the subject is not of the kind that the manifest says."""
    pairwise = site.manifest.subject == "pairwise"
    pairwise |= site.manifest.subject is None and site.realm == "residents"
    return (claims.get("sub") == person.account) is pairwise


async def _document(player: Player, answer: Ask) -> Any:
    said = dict(answer.parameters)
    if player.site.manifest.protocol == "cas":
        return await _cas(player, answer)
    if "SAMLResponse" in said:
        return _saml(said["SAMLResponse"])
    return payload(said.get("ticket", ""))


async def _cas(player: Player, answer: Ask) -> Any:
    """Validates the ticket in the app's place."""
    kept = tuple((k, v) for k, v in answer.parameters if k != "ticket")
    service = answer.saying(kept).url if answer.form is None else answer.url
    ticket = dict(answer.parameters).get("ticket", "")
    query = urlencode({"service": service, "ticket": ticket, "format": "JSON"})
    page = await player.browser().open(
        f"{player.site.sign_on.issuer}/cas/p3/serviceValidate?{query}"
    )
    return json.loads(page.text)


def payload(token: str) -> Any:
    """What a token says, whoever signed it; ``None`` when it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None


def _saml(response: str) -> Any:
    """Attributes of an assertion, to be compared only: nobody is let in by this."""
    try:
        root = fromstring(base64.b64decode(response))
    except (binascii.Error, ParseError, DefusedXmlException):
        return None
    found = {a.get("Name", ""): [v.text or "" for v in a] for a in root.iter(_ATTRIBUTE)}
    return found or None


def _leaves(document: Any) -> Iterator[str]:
    if isinstance(document, Mapping):
        for value in document.values():
            yield from _leaves(value)
    elif isinstance(document, (list, tuple)):
        for value in document:
            yield from _leaves(value)
    elif document is not None:
        yield str(document)
