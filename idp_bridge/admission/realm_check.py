"""All checks of an app in one realm, in the order in which one makes sense after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx

from idp_bridge.admission.addresses import check_addresses
from idp_bridge.admission.browser import Browser, CannotBrowse
from idp_bridge.admission.entering import (
    by_password_is_enough,
    check_anonymous,
    check_level,
    check_level_is_set,
    check_turned_away,
    enter,
)
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.keycloak_pages import KeycloakPages
from idp_bridge.admission.leaving import check_logout
from idp_bridge.admission.machines import check_machines
from idp_bridge.admission.minting import Mint, check_minted
from idp_bridge.admission.player import Player
from idp_bridge.admission.requests import check_requests
from idp_bridge.admission.site import Site
from idp_bridge.admission.tampering import check_forged, check_replay, check_tampering
from idp_bridge.admission.told import check_answer, check_tokens, check_whoami
from idp_bridge.admission.traces import check_cookies, check_fixation, check_referer, check_urls
from idp_bridge.core.admission import AppTokens, CheckPeople, CheckPerson, Finding
from idp_bridge.core.clock import Clock

_BY_BROWSER = frozenset({"cas", "ticket", "saml"})


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: one person for each role, and those whom the app must not let in.

    ``leaver`` has the first role as well, ``stranger`` one of another app, ``weak`` proves less
    than the app demands.
    """

    holders: Mapping[str, CheckPerson]
    leaver: CheckPerson
    nobody: CheckPerson
    stranger: CheckPerson | None = None
    weak: CheckPerson | None = None


async def cast(site: Site, others: Sequence[tuple[str, str]], people: CheckPeople) -> Cast:
    """Make everybody whom the check of one realm needs."""
    wanted = site.minimum_acr
    strong = bool(wanted) and not by_password_is_enough(wanted)

    async def somebody(*roles: tuple[str, str], second_factor: bool = strong) -> CheckPerson:
        return await people.make(site.realm, roles, second_factor=second_factor)

    own = [(site.manifest.client_id, role) for role in sorted(site.manifest.roles[site.realm])]
    return Cast(
        holders={role: await somebody((client_id, role)) for client_id, role in own},
        leaver=await somebody(*own[:1]),
        nobody=await somebody(),
        stranger=await somebody(*others[:1]) if others else None,
        weak=await somebody(*own[:1], second_factor=False) if strong else None,
    )


class RealmCheck:
    """One app in one realm, with the people of ``cast``."""

    def __init__(
        self,
        site: Site,
        *,
        people: CheckPeople,
        tokens: AppTokens,
        cast: Cast,
        http: httpx.AsyncClient,
        clock: Clock,
        patience: timedelta,
        mint: Mint | None = None,
    ) -> None:
        self._site = site
        self._people = people
        self._tokens = tokens
        self._cast = cast
        self._patience = patience
        self._mint = mint
        self._player = Player(site, http, KeycloakPages(clock))
        self._findings = Findings(site.realm)
        self._wanted = site.minimum_acr

    async def run(self) -> tuple[Finding, ...]:
        """What was found. Raises ``Unavailable`` when Keycloak does not answer."""
        check_addresses(self._site, self._findings)
        check_level_is_set(self._site, self._findings)
        await check_machines(self._site, self._tokens, self._findings)
        if self._wanted == "passkey":
            self._findings.warned("enter", "needs_passkey")
            return self._findings.all
        roles = sorted(self._cast.holders)
        entered = await self._entered(roles[0]) if roles else None
        if entered is None:
            return self._findings.all
        browser, person = entered
        during = self._findings.during
        await during("anonymous", check_anonymous(self._player, self._findings))
        if self._findings.failures_of("anonymous"):
            # Whether somebody is in cannot be told where everybody is.
            self._findings.skipped("rest", "open_to_all")
            return self._findings.all
        await during("enter", self._other_roles(roles[1:]))
        await during("told", self._told(browser, person, roles[0]))
        await during("no_role", self._kept_out())
        await during("cookies", check_cookies(self._player, browser, self._findings))
        await during("logout", self._left())
        # Last: Keycloak ends a session whose code is shown twice.
        await during("tampered", self._attacked(browser, person, roles[0]))
        return self._findings.all

    async def _entered(self, role: str) -> tuple[Browser, CheckPerson] | None:
        """Somebody with a role, in; everything after this needs them."""
        person = self._cast.holders[role]
        try:
            browser = await enter(self._player, person, role, self._findings)
            if self._findings.failures_of("enter"):
                return None
            trail = list(browser.trail)
            landing = await browser.open(self._player.landing, stop=self._site.leaves)
        except CannotBrowse as error:
            self._findings.failed("enter", "no_answer", what=str(error))
            return None
        check_urls(self._site, trail, self._player.landing, person, self._findings)
        check_referer(self._site, landing, self._findings)
        return browser, person

    async def _other_roles(self, roles: list[str]) -> None:
        for role in roles:
            person = self._cast.holders[role]
            browser = await enter(self._player, person, role, self._findings)
            if self._site.whoami and not self._findings.failures_of("enter"):
                await check_whoami(self._player, browser, person, role, self._findings)

    async def _told(self, browser: Browser, person: CheckPerson, role: str) -> None:
        if self._site.manifest.protocol != "saml":
            await check_tokens(self._site, self._tokens, person, role, self._findings)
        if self._site.manifest.protocol in _BY_BROWSER:
            await check_answer(self._player, browser, person, role, self._findings)
        if self._site.whoami:
            await check_whoami(self._player, browser, person, role, self._findings)

    async def _kept_out(self) -> None:
        player, findings, who = self._player, self._findings, self._cast
        await check_turned_away(player, who.nobody, "no_role", findings)
        if who.stranger is not None:
            await check_turned_away(player, who.stranger, "other_role", findings)
        if who.weak is not None:
            await check_level(player, who.weak, findings)
        else:
            findings.skipped("acr", "no_lower_level", wanted=self._wanted or "-")

    async def _attacked(self, browser: Browser, person: CheckPerson, role: str) -> None:
        player, findings = self._player, self._findings
        if self._site.manifest.protocol == "oidc":
            again = player.signed_on(browser)
            await player.answer(again, person)
            check_requests(browser.trail, again.trail, findings)
        await check_tampering(player, browser, person, findings)
        if self._mint is not None and self._site.manifest.protocol == "ticket":
            await check_minted(player, browser, person, self._mint, findings)
        before = await check_replay(player, browser, person, findings)
        if before is not None:
            await check_fixation(player, before, findings)
        await check_forged(player, person, role, findings)

    async def _left(self) -> None:
        person, browser = self._cast.leaver, self._player.browser()
        await self._player.enter(browser, person)
        await check_logout(
            self._player,
            browser,
            self._findings,
            end=lambda: self._people.end_sessions(person),
            patience=self._patience,
        )
