"""Check `minted`: well signed tickets that are not meant for the app, or over, are refused.

Whoever runs the check holds the bridge's keys, so these are as good as any but for one claim.
"""

from collections.abc import Callable, Mapping
from typing import Any

from idp_bridge.admission.browser import Ask, Browser
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.player import Player
from idp_bridge.admission.told import payload
from idp_bridge.core.admission import CheckPerson

Claims = Mapping[str, Any]
Mint = Callable[[Claims], str]

_LONG_AGO = 3600


def _for_another_app(claims: Claims) -> Claims:
    return {**claims, "aud": f"{claims.get('aud', '')}-other"}


def _for_another_address(claims: Claims) -> Claims:
    return {**claims, "service": f"{claims.get('service', '')}/other"}


def _over(claims: Claims) -> Claims:
    past = {name: claims.get(name, 0) - _LONG_AGO for name in ("iat", "exp")}
    return {**claims, **past}


_WRONG = {"aud": _for_another_app, "service": _for_another_address, "exp": _over}


async def check_minted(
    player: Player, browser: Browser, person: CheckPerson, mint: Mint, findings: Findings
) -> None:
    """Each claim wrong in turn, in an answer that is right otherwise."""
    accepted = []
    for part, wrong in _WRONG.items():
        fresh = player.signed_on(browser)
        answer = await player.answer(fresh, person)
        if answer is None:
            findings.failed("minted", "no_answer_seen")
            return
        await player.deliver(fresh, _with_ticket(answer, mint, wrong))
        if await player.inside(fresh):
            accepted.append(part)
    for part in accepted:
        findings.failed("minted", "minted_accepted", part=part)
    if not accepted:
        findings.passed("minted")


def _with_ticket(answer: Ask, mint: Mint, wrong: Callable[[Claims], Claims]) -> Ask:
    said = dict(answer.parameters)
    ticket = mint(wrong(payload(said.get("ticket", "")) or {}))
    return answer.saying(tuple({**said, "ticket": ticket}.items()))
