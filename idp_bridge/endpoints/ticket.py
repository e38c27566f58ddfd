"""Signed tickets, for apps that can do no more than read one: addresses under ``/ticket``.

sign-in   the app sends a browser, which comes back to it with a ticket, by form or in the query
redeem    the app shows a ticket once, with its own secret, and learns who came
sign-out  the app sends a browser with the ticket it once got; the session at Keycloak ends
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.apps import App
from idp_bridge.core.errors import InvalidClient, InvalidGrant, InvalidRequest
from idp_bridge.core.pages import Pages
from idp_bridge.core.secret import same
from idp_bridge.core.ticket_apps import PROTOCOL, ServiceRefused, TicketApps, rules_of
from idp_bridge.core.tickets import Attempt, Tickets
from idp_bridge.endpoints.entry import Arrival, Entry
from idp_bridge.endpoints.forms import form_of, posted
from idp_bridge.incoming import parameters_of, reader_from

_NO_STORE = {"Cache-Control": "no-store"}
_REASONS = ("access_denied", "temporarily_unavailable", "insufficient_acr")
# Long enough that nobody guesses it, short enough for a cookie and an address.
_STATE = re.compile(r"[A-Za-z0-9._~-]{16,256}")


@dataclass(frozen=True, slots=True)
class TicketEndpoints:
    """The endpoints, over the entry and the tickets."""

    issuer: str
    entry: Entry
    apps: TicketApps
    tickets: Tickets
    pages: Pages

    def routes(self) -> list[BaseRoute]:
        """Every address."""
        self.entry.on_arrival(PROTOCOL, self._arrive)
        return [
            Route("/ticket/sign-in", self._sign_in),
            Route("/ticket/redeem", self._redeem, methods=["POST"]),
            Route("/ticket/sign-out", self._sign_out),
            Route("/ticket/signed-out", self._signed_out),
        ]

    async def _sign_in(self, request: Request) -> Response:
        """To Keycloak, if the service is one that we know."""
        said = parameters_of(request)
        service, state = said.get("service", ""), said.get("state", "")
        apps = await self.apps.serving(said.get("app", ""), service)
        if not _STATE.fullmatch(state):
            raise InvalidRequest("state: 16 to 256 letters, digits or -._~")
        app = self.entry.choose(request, apps)
        if isinstance(app, Response):
            return app
        rules_of(app)
        wanted = {"service": service, "state": state}
        return await self.entry.send(request, app, protocol=PROTOCOL, wanted=wanted)

    async def _arrive(self, request: Request, arrival: Arrival) -> Response:
        """On to the app, with a ticket."""
        service, state = arrival.wanted["service"], arrival.wanted["state"]
        if not self.apps.serves(arrival.app, service):
            raise ServiceRefused("the service was taken off the app meanwhile")
        if arrival.error or arrival.session is None:
            return self._not_signed_in(request, arrival)
        attempt = Attempt(arrival.app, service, state)
        ticket = await self.tickets.issue(attempt, arrival.session, arrival.token)
        fields = {"ticket": ticket, "state": state}
        if rules_of(arrival.app).by_form:
            return posted(request, self.pages, service, fields)
        return RedirectResponse(_with(service, fields), 303, _NO_STORE)

    async def _redeem(self, request: Request) -> Response:
        """JSON: what the app is told."""
        said = await form_of(request)
        app = await self._authenticated(request, said)
        ticket, service = said.get("ticket", ""), said.get("service", "")
        if not ticket or not service:
            raise InvalidRequest("ticket or service is missing")
        told = await self.tickets.redeem(app, ticket, service)
        return JSONResponse(dict(told), headers=_NO_STORE)

    async def _sign_out(self, request: Request) -> Response:
        """Who knows the jti was given the ticket: no other site can sign people out."""
        said = parameters_of(request)
        service = said.get("service", "")
        end = f"{self.issuer}/ticket/signed-out"
        for app in await self.apps.serving(said.get("app", ""), service):
            try:
                to = await self.tickets.end(app, said.get("jti", ""), end)
            except InvalidGrant:
                continue
            # Keycloak hands the state on; it is looked at again where it arrives.
            return RedirectResponse(_with(to, {"state": service}), 303, _NO_STORE)
        return RedirectResponse(_with(end, {"state": service}), 303, _NO_STORE)

    async def _signed_out(self, request: Request) -> Response:
        """On to the app, if that is where browsers may be sent."""
        service = parameters_of(request).get("state", "")
        if service and await self.apps.is_service(service):
            return RedirectResponse(service, 303, _NO_STORE)
        page = self.pages.render("oidc/signed_out.html", reader_from(request))
        return HTMLResponse(page, headers=_NO_STORE)

    async def _authenticated(self, request: Request, said: dict[str, str]) -> App:
        header = request.headers.get("authorization", "")
        if header and "secret" in said:
            raise InvalidClient("two ways at once")
        name, secret = _basic(header) if header else (said.get("app", ""), said.get("secret", ""))
        if said.get("app", name) != name:
            raise InvalidClient("two names")
        return _proven(await self.apps.named(name), secret)

    def _not_signed_in(self, request: Request, arrival: Arrival) -> Response:
        known = arrival.error in _REASONS
        again = {"app": arrival.app.client_id, **arrival.wanted, "realm": arrival.app.realm}
        page = self.pages.render(
            "sign_in_refused.html",
            reader_from(request),
            reason=arrival.error if known else "other",
            again=f"/ticket/sign-in?{urlencode(again)}",
        )
        return HTMLResponse(page, 403, _NO_STORE)


def _proven(apps: Sequence[App], secret: str) -> App:
    """The app whose secret it is, in the realm whose secret it is."""
    proven = [app for app in apps if (held := rules_of(app).secret) and same(held, secret)]
    if len(proven) != 1:
        raise InvalidClient("wrong secret" if not proven else "one secret for two realms")
    return proven[0]


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidClient("not Basic") from None
    name, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient("not Basic")
    return name, secret


def _with(address: str, parameters: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"
