"""CAS proxying: an app stands in for the person at another app, which has to agree to it.

The app shows where it can be called back; only what answers there gets the proxy-granting ticket.
Each proxy ticket is judged by the session at Keycloak as it is then, and by the person's own roles
in the target app.
"""

from datetime import timedelta
from secrets import token_hex
from typing import Protocol
from urllib.parse import urlencode

from idp_bridge.core.addresses import flaw
from idp_bridge.core.apps import App
from idp_bridge.core.cas import (
    CasParts,
    CasRefused,
    CasTickets,
    Pass,
    Validated,
    new_ticket,
    seal,
    shape,
    unseal,
)
from idp_bridge.core.cas_services import ANSWER
from idp_bridge.core.errors import Forbidden, InvalidGrant, NotSignedIn
from idp_bridge.core.grants import Binding, Grant

_KIND = "cas-PGT"
_LONGEST_CHAIN = 5
_LIFE = timedelta(hours=8)


class ProxyCallback(Protocol):
    """Calls an app back, in a few seconds, without following redirects."""

    async def answers(self, url: str) -> bool:
        """Whether ``url`` was reached and answered 200."""
        ...


class CasProxies:
    """Proxy-granting tickets, and the proxy tickets they are good for."""

    def __init__(self, parts: CasParts, tickets: CasTickets, callback: ProxyCallback) -> None:
        self._parts = parts
        self._tickets = tickets
        self._callback = callback

    async def grant(self, validated: Validated, pgt_url: str) -> str:
        """Give the app at ``pgt_url`` a proxy-granting ticket; returns the number (IOU) by which
        it finds it. Raises ``CasRefused``."""
        try:
            return await self._granted(validated, pgt_url)
        except CasRefused as refusal:
            service = validated.given.service
            await self._parts.trail.refused(validated.ticket, refusal.reason, service)
            raise

    async def ticket(self, pgt: str, target: str) -> str:
        """A proxy ticket for ``target``. Raises ``CasRefused``."""
        app, grant = await self._held(pgt)
        to = await self._target(app, target)
        holder = await self._parts.services.one(app.realm, grant.facts["holder"])
        if holder is None:
            raise CasRefused("INVALID_TICKET", "session_over")
        token = unseal(self._parts.sealer, grant.facts["session"], pgt)
        try:
            session = await self._parts.sessions(holder).current(token)
            proxies = tuple(grant.facts["proxies"])
            given = Pass(to, holder, target, session, token, proxies=proxies)
            return await self._tickets.issue(given)
        except NotSignedIn:
            raise CasRefused("INVALID_TICKET", "session_over") from None
        except Forbidden as refusal:
            raise CasRefused("UNAUTHORIZED_SERVICE", refusal.code) from None

    async def _granted(self, validated: Validated, pgt_url: str) -> str:
        parts, given = self._parts, validated.given
        callbacks = given.app.settings.get("proxy_callbacks") or ()
        if not callbacks:
            raise CasRefused("UNAUTHORIZED_SERVICE_PROXY", "no_proxy")
        if pgt_url not in callbacks or flaw(pgt_url, reserved=ANSWER):
            raise CasRefused("INVALID_PROXY_CALLBACK", "callback_unknown")
        if len(given.proxies) >= _LONGEST_CHAIN:
            raise CasRefused("UNAUTHORIZED_SERVICE_PROXY", "chain_too_long")
        pgt, iou = new_ticket("PGT", given.app), f"PGTIOU-{token_hex(24)}"
        facts = {
            "holder": given.holder.client_id,
            "session": seal(parts.sealer, given.token, pgt),
            "proxies": [pgt_url, *given.proxies],
        }
        expires = min(parts.clock() + _LIFE, given.session.expires)
        grant = Grant(_binding(given.app), given.session.account, expires, facts=facts)
        await parts.grants.put(pgt, grant)
        mark = "&" if "?" in pgt_url else "?"
        query = urlencode({"pgtId": pgt, "pgtIou": iou})
        if not await self._callback.answers(f"{pgt_url}{mark}{query}"):
            await parts.grants.revoke(pgt, _KIND)
            raise CasRefused("INVALID_PROXY_CALLBACK", "callback_silent")
        return iou

    async def _held(self, pgt: str) -> tuple[App, Grant]:
        kind, mark = shape(pgt)
        if kind != "PGT":
            raise CasRefused("INVALID_TICKET", "malformed")
        app = await self._parts.services.marked(mark)
        if app is None:
            raise CasRefused("INVALID_TICKET", "unknown")
        try:
            return app, await self._parts.grants.read(pgt, _binding(app))
        except InvalidGrant:
            raise CasRefused("INVALID_TICKET", "unknown") from None

    async def _target(self, app: App, service: str) -> App:
        for target in await self._parts.services.of(service):
            agreed = app.client_id in (target.settings.get("proxied_by") or ())
            if target.realm == app.realm and agreed:
                return target
        raise CasRefused("UNAUTHORIZED_SERVICE", "not_proxied")


def _binding(app: App) -> Binding:
    return Binding(_KIND, app.realm, app.client_id)
