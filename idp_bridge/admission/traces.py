"""Checks of what a sign-in leaves behind: in addresses, in cookies, at others."""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from idp_bridge.admission.browser import Browser, Hop, Page
from idp_bridge.admission.cookies import Cookie, Jar, origin_of
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.player import Player
from idp_bridge.admission.site import Site, place
from idp_bridge.core.admission import CheckPerson

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.")
# What a sign-in brings along is spent on arrival and must not stay in the address.
_SPENT = frozenset(
    {"code", "state", "session_state", "ticket", "pgtid", "samlart", "samlresponse", "jti"}
    | {"token", "id_token", "access_token", "refresh_token"}
)
_TALKATIVE = frozenset({"unsafe-url", "no-referrer-when-downgrade"})


def check_urls(
    site: Site, trail: list[Hop], landing: str, person: CheckPerson, findings: Findings
) -> None:
    """Check `urls`: nothing about the person, and nothing that opens a door."""
    problems = set(_in_addresses(site, trail, person))
    left = _SPENT & {key.lower() for key, _ in parse_qsl(urlsplit(landing).query)}
    problems |= {("left_in_url", name, place(landing)) for name in left}
    for reason, what, where in sorted(problems):
        findings.failed("urls", reason, what=what, where=where)
    if not problems:
        findings.passed("urls")


def _in_addresses(
    site: Site, trail: list[Hop], person: CheckPerson
) -> Iterator[tuple[str, str, str]]:
    for hop in trail:
        url = unquote_plus(hop.ask.url)
        if origin_of(hop.ask.url) in site.sign_on.origins:
            continue
        for claim, value in person.personal.items():
            if value in url:
                yield "personal_in_url", claim, place(hop.ask.url).replace(value, "...")
        if _JWT.search(url) and not _may_bring_ticket(site, hop):
            yield "token_in_url", "token", place(hop.ask.url)


def _may_bring_ticket(site: Site, hop: Hop) -> bool:
    ticket = site.manifest.ticket
    by_redirect = ticket is not None and ticket.delivery == "redirect"
    return by_redirect and "ticket" in dict(hop.ask.parameters)


def check_referer(site: Site, landing: Page, findings: Findings) -> None:
    """Check `referer`: others whose pictures or scripts are loaded are not told the address."""
    markup = landing.markup
    header = landing.headers.get("referrer-policy", "").lower()
    policies = {policy.strip() for policy in (header or markup.referrer_policy).split(",")}
    known = site.origins | site.sign_on.origins
    loaded = (url for url in markup.loaded if url.startswith(("http://", "https://")))
    others = sorted({origin_of(url) for url in loaded} - known)
    if others and policies & _TALKATIVE:
        findings.failed("referer", "referer_tells", others=", ".join(others))
    else:
        findings.passed("referer")


async def check_cookies(player: Player, browser: Browser, findings: Findings) -> None:
    """Check `cookies`: whatever carries the session is kept from scripts and other sites."""
    problems = []
    for cookie in [c for c in browser.jar if player.site.is_app(c.origin)]:
        without = browser.jar.copy(without=cookie)
        if not await player.inside(player.browser(without.copy())):
            problems += [(f"without_{flag}", cookie.name) for flag in _missing(player.site, cookie)]
            without.put(replace(cookie, value=_altered(cookie.value)))
            if await player.inside(player.browser(without)):
                problems.append(("not_verified", cookie.name))
    for problem, name in problems:
        findings.failed("cookies", f"cookie_{problem}", cookie=name)
    if not problems:
        findings.passed("cookies")


async def check_fixation(player: Player, before: Jar, findings: Findings) -> None:
    """Check `fixation`: a session that was there before the sign-in is not signed in by it."""
    if await player.inside(player.browser(before)):
        findings.failed("fixation", "session_kept")
    else:
        findings.passed("fixation")


def _altered(value: str) -> str:
    return value[::-1] if value != value[::-1] else f"{value}x"


def _missing(site: Site, cookie: Cookie) -> Iterator[str]:
    if not cookie.secure:
        yield "secure"
    if not cookie.http_only:
        yield "httponly"
    # SAML comes back by a post from Keycloak, which a stricter cookie would not see.
    allowed = {"lax", "strict"} | ({"none"} if site.manifest.protocol == "saml" else set())
    if cookie.same_site not in allowed:
        yield "samesite"
