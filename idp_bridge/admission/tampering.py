"""Checks of what an attacker would change: each answer is held back, altered, and then sent."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from idp_bridge.admission.browser import Ask, Browser
from idp_bridge.admission.cookies import Jar
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.player import Player
from idp_bridge.core.admission import CheckPerson

_REFUSED, _NOT_THERE = "refused", "not_there"

Change = Callable[[Ask], Ask | None]


@dataclass(frozen=True, slots=True)
class Tampering:
    """One attack: what is changed about an answer, and whose browser sends it."""

    check: str
    part: str
    change: Change
    other_browser: bool = False


def _altered(part: str) -> Change:
    """Another value of the same form."""
    return lambda ask: _with(ask, part, _flipped)


def _flipped(value: str) -> str:
    place = len(value) // 2
    return value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]


def _with(ask: Ask, part: str, change: Callable[[str], str]) -> Ask | None:
    if not dict(ask.parameters).get(part):
        return None
    said = tuple((k, change(v) if k == part else v) for k, v in ask.parameters)
    return ask.saying(said)


def _without(part: str) -> Change:
    def change(ask: Ask) -> Ask | None:
        kept = tuple((k, v) for k, v in ask.parameters if k != part)
        return None if kept == ask.parameters else ask.saying(kept)

    return change


def _unsigned(token: str) -> str:
    """A token that says that it needs no signature."""
    _, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"ticket+jwt"}').decode().rstrip("=")
    return f"{head}.{payload}."


def _resigned(token: str) -> str:
    """The same signature under another payload."""
    head, payload, signature = (*token.split("."), "", "")[:3]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    forged = json.dumps({**claims, "sub": f"{claims.get('sub', '')}x"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(forged).decode().rstrip('=')}.{signature}"


def _in_xml(change: Callable[[str], str]) -> Callable[[str], str]:
    def changed(response: str) -> str:
        try:
            document = base64.b64decode(response).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return response
        return base64.b64encode(change(document).encode()).decode()

    return changed


_SIGNATURE = re.compile(r"<(\w+:)?Signature[ >].*?</(\w+:)?Signature>", re.DOTALL)
_VALUE = re.compile(r"(<(?:\w+:)?(?:AttributeValue|NameID)[^>]*>)([^<]+)")


def _no_signature(document: str) -> str:
    return _SIGNATURE.sub("", document)


def _other_values(document: str) -> str:
    return _VALUE.sub(r"\1x\2", document)


def _as_is(ask: Ask) -> Ask:
    return ask


_OPENID = (
    Tampering("tampered", "state", _altered("state")),
    Tampering("tampered", "state", _without("state")),
    Tampering("tampered", "code", _altered("code")),
    Tampering("swapped", "answer", _as_is, other_browser=True),
)
TAMPERINGS: Mapping[str, tuple[Tampering, ...]] = {
    "oidc": _OPENID,
    "forward-auth": _OPENID,
    "cas": (
        Tampering("tampered", "ticket", _altered("ticket")),
        # An app that writes it into an address as it is asks about another one (CVE-2014-4172).
        Tampering("injected", "ticket", lambda a: _with(a, "ticket", lambda v: f"{v}&renew=false")),
    ),
    "ticket": (
        Tampering(
            "tampered", "signature", lambda a: _with(a, "ticket", lambda v: v[:-8] + "AAAAAAAA")
        ),
        Tampering("tampered", "claims", lambda a: _with(a, "ticket", _resigned)),
        Tampering("tampered", "alg", lambda a: _with(a, "ticket", _unsigned)),
        Tampering("tampered", "state", _altered("state")),
        Tampering("swapped", "answer", _as_is, other_browser=True),
    ),
    "saml": (
        Tampering(
            "tampered", "assertion", lambda a: _with(a, "SAMLResponse", _in_xml(_other_values))
        ),
        Tampering(
            "tampered", "signature", lambda a: _with(a, "SAMLResponse", _in_xml(_no_signature))
        ),
    ),
}


async def check_tampering(
    player: Player, browser: Browser, person: CheckPerson, findings: Findings
) -> None:
    """Checks `tampered`, `swapped` and `injected`: none of it lets anybody in."""
    seen: dict[str, list[tuple[str, str]]] = {}
    for tampering in TAMPERINGS[player.site.manifest.protocol]:
        came_of_it = await _tried(player, player.signed_on(browser), person, tampering)
        seen.setdefault(tampering.check, []).append((came_of_it, tampering.part))
    for check, outcomes in seen.items():
        bad = sorted(
            {(reason, part) for reason, part in outcomes if reason not in (_REFUSED, _NOT_THERE)}
        )
        for reason, part in bad:
            findings.failed(check, reason, part=part)
        if not bad and any(reason == _REFUSED for reason, _ in outcomes):
            findings.passed(check)


async def _tried(
    player: Player, browser: Browser, person: CheckPerson, tampering: Tampering
) -> str:
    """What came of one attack."""
    answer = await player.answer(browser, person)
    if answer is None:
        return "no_answer_seen"
    changed = tampering.change(answer)
    if changed is None:
        return _NOT_THERE
    sender = player.browser() if tampering.other_browser else browser
    await player.deliver(sender, changed)
    return f"{tampering.check}_accepted" if await player.inside(sender) else _REFUSED


async def check_replay(
    player: Player, browser: Browser, person: CheckPerson, findings: Findings
) -> Jar | None:
    """Check `replayed`: what was used lets nobody in who came by it.

    Returns what a browser held just before it was signed in.
    """
    first, second = player.signed_on(browser), player.signed_on(browser)
    used = await player.answer(first, person)
    before = first.jar.copy()
    if used is None:
        findings.failed("replayed", "no_answer_seen")
        return None
    await player.deliver(first, used)
    # Somebody who found a used answer begins a sign-in, and ends it with what was found.
    own = await player.answer(second, person)
    await player.deliver(second, _with_what_was_used(own or used, used))
    if await player.inside(second):
        findings.failed("replayed", "replay_accepted")
    else:
        findings.passed("replayed")
    return before


def _with_what_was_used(own: Ask, used: Ask) -> Ask:
    found = {k: v for k, v in used.parameters if k in ("code", "ticket", "SAMLResponse")}
    return own.saying(tuple((k, found.get(k, v)) for k, v in own.parameters))


async def check_forged(player: Player, person: CheckPerson, role: str, findings: Findings) -> None:
    """Check `forged`: headers that a browser sends by itself say nothing about who it is."""
    claims = {"sub": person.username, "aud": player.site.manifest.client_id, "roles": [role]}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    token = _unsigned(f"x.{payload}.x")
    headers = {"X-Bridge-Identity": token, "X-Bridge-User": person.username}
    headers |= {"X-Bridge-Roles": role, "X_Bridge_User": person.username, "X_Bridge_Roles": role}
    headers |= {"Remote-User": person.username, "X-Forwarded-User": person.username}
    if await player.inside(player.browser(), headers):
        findings.failed("forged", "headers_believed")
    else:
        findings.passed("forged")
