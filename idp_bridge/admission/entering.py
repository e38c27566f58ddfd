"""Checks of who gets in: with a role, without one, with another app's, below the level."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from idp_bridge.admission.browser import Browser, Page
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.player import Player
from idp_bridge.admission.site import Site, place
from idp_bridge.core.admission import CheckPerson
from idp_bridge.core.levels import reaches


async def enter(player: Player, person: CheckPerson, role: str, findings: Findings) -> Browser:
    """Check `enter`: the right role gets in."""
    browser = player.browser()
    page = await player.enter(browser, person)
    player.learn(page)
    if player.site.is_app(page.url) and await player.inside(browser):
        findings.passed("enter", role=role)
    else:
        findings.failed("enter", _stuck(player, page), role=role, where=place(page.url))
    return browser


async def check_anonymous(player: Player, findings: Findings) -> None:
    """Check `anonymous`: somebody who did not sign in is turned away."""
    browser = player.browser()
    page = await browser.open(player.site.url, stop=player.site.leaves)
    open_front = page.held is None and page.status in range(200, 300)
    if await player.inside(player.browser()):
        findings.failed("anonymous", "anonymous_inside", where=place(player.protected))
    elif open_front and not player.site.protected:
        findings.failed("anonymous", "open_front", where=place(page.url))
    else:
        findings.passed("anonymous")


async def check_turned_away(
    player: Player, person: CheckPerson, check: str, findings: Findings
) -> None:
    """Checks `no_role` and `other_role`: signed in, and yet not let in."""
    browser = player.browser()
    page = await player.enter(browser, person)
    if await player.inside(browser):
        findings.failed(check, "role_ignored", where=place(player.protected))
    elif _stuck(player, page) == "not_signed_in":
        findings.failed(check, "not_signed_in", where=place(page.url))
    else:
        findings.passed(check)


def check_level_is_set(site: Site, findings: Findings) -> None:
    """Check `acr`: Keycloak asks for the level that the manifest demands, or for a higher one."""
    wanted = site.minimum_acr
    if wanted and not reaches(site.live_acr, (wanted,)):
        findings.failed("acr", "level_not_set", wanted=wanted, told=site.live_acr or "-")


async def check_level(player: Player, person: CheckPerson, findings: Findings) -> None:
    """Check `acr`: whoever proved less than the app demands is not let in.

    Keycloak asks for the level, but does not enforce it: so the question is taken out as well.
    """
    wanted = player.site.minimum_acr
    for rewrite in (_as_it_is, _asking_for_less):
        browser = player.browser(rewrite=rewrite)
        await player.enter(browser, person)
        if await player.inside(browser):
            findings.failed("acr", "level_ignored", wanted=wanted)
            return
    findings.passed("acr", wanted=wanted)


def by_password_is_enough(wanted: str) -> bool:
    """Whether people of the check, who sign in by password, could not be below the level."""
    return reaches("password", (wanted,))


def _stuck(player: Player, page: Page) -> str:
    if any("/login-actions/authenticate" in form.action for form in page.markup.forms):
        return "not_signed_in"
    if not player.site.is_app(page.url):
        return "not_back"
    return "refused" if page.status >= 400 else "not_inside"


def _as_it_is(url: str) -> str:
    return url


def _asking_for_less(url: str) -> str:
    parts = urlsplit(url)
    if not parts.path.endswith("/protocol/openid-connect/auth"):
        return url
    asked = [(k, v) for k, v in parse_qsl(parts.query) if k not in ("acr_values", "claims")]
    return urlunsplit(parts._replace(query=urlencode([*asked, ("acr_values", "password")])))
