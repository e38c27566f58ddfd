"""``/cas/login``: a browser signs in at Keycloak as the app's client and goes on with a ticket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from idp_bridge.core.apps import App
from idp_bridge.core.cas import CasTickets, Pass
from idp_bridge.core.cas_services import PROTOCOL, CasServices, named
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Forbidden, InvalidRequest
from idp_bridge.core.pages import Pages
from idp_bridge.endpoints.entry import Arrival, Entry
from idp_bridge.endpoints.forms import posted
from idp_bridge.incoming import parameters_of, reader_from

_NO_STORE = {"Cache-Control": "no-store"}
_REASONS = ("access_denied", "temporarily_unavailable", "insufficient_acr")
# Keycloak writes whole seconds, and its clock is not ours.
_SKEW = timedelta(seconds=2)


class ServiceRefused(InvalidRequest):
    """No app is registered at this address; nobody is sent there."""

    code, public = "redirect_refused", "This address is not registered"


class NotFresh(Forbidden):
    """The app demanded that the person prove themselves now, and they did not."""

    code, public = "fresh_sign_in_needed", "Please sign in again to confirm that it is you"


@dataclass(frozen=True, slots=True)
class CasLogin:
    """The login endpoint, and what happens when the browser is back."""

    entry: Entry
    services: CasServices
    tickets: CasTickets
    pages: Pages
    clock: Clock

    async def login(self, request: Request) -> Response:
        """Send the browser to Keycloak, if the service is one that we know."""
        said = parameters_of(request)
        service = named(said.get("service") or said.get("TARGET", ""))
        apps = await self.services.of(service)
        if not apps:
            raise ServiceRefused("the service is not registered")
        renew = demanded(said, "renew")
        wanted = {
            "service": service,
            "answer": "ticket" if said.get("service") else "SAMLart",
            "method": "POST" if said.get("method", "").upper() == "POST" else "GET",
            "began": str(self.clock().timestamp()),
            "renew": "1" if renew else "",
        }
        if demanded(said, "gateway") and not renew:
            return await self._silently(request, apps, wanted)
        app = self.entry.choose(request, apps)
        if isinstance(app, Response):
            return app
        extra = {"prompt": "login"} if renew else None
        return await self.entry.send(request, app, protocol=PROTOCOL, wanted=wanted, extra=extra)

    async def arrive(self, request: Request, arrival: Arrival) -> Response:
        """The browser is back; on to the service, with a ticket or, by gateway, without."""
        app, wanted = arrival.app, arrival.wanted
        service = wanted["service"]
        if not await self.services.serves(app, service):
            raise ServiceRefused("the service was taken off the app meanwhile")
        if arrival.error or arrival.session is None:
            if wanted.get("silent"):
                return await self._next(request, wanted)
            return self._refused(request, arrival.error, service)
        fresh = self._is_fresh(arrival.session, wanted)
        if wanted["renew"] and not fresh:
            raise NotFresh("renew was demanded, and Keycloak answered out of the session")
        given = Pass(app, app, service, arrival.session, arrival.token, fresh)
        return self._to_service(request, wanted, await self.tickets.issue(given))

    async def _silently(
        self, request: Request, apps: Sequence[App], wanted: Mapping[str, str]
    ) -> Response:
        """By gateway nobody is asked anything: each realm of the app is tried in turn."""
        open_apps = [app for app in apps if app.enabled]
        if not open_apps:
            return RedirectResponse(wanted["service"], 303, _NO_STORE)
        first, *others = open_apps
        along = {**wanted, "silent": "1", "others": " ".join(app.realm for app in others)}
        return await self.entry.send(
            request, first, protocol=PROTOCOL, wanted=along, extra={"prompt": "none"}
        )

    async def _next(self, request: Request, wanted: Mapping[str, str]) -> Response:
        left = wanted["others"].split()
        apps = [app for app in await self.services.of(wanted["service"]) if app.realm in left]
        return await self._silently(request, apps, wanted)

    def _is_fresh(self, session: ClientSession, wanted: Mapping[str, str]) -> bool:
        began = datetime.fromtimestamp(float(wanted["began"]), UTC)
        # Without renew a sign-in of just before is the session's, however young.
        return session.auth_time >= began - (_SKEW if wanted["renew"] else timedelta(0))

    def _to_service(self, request: Request, wanted: Mapping[str, str], ticket: str) -> Response:
        service, answer = wanted["service"], {wanted["answer"]: ticket}
        if wanted["method"] == "GET":
            mark = "&" if "?" in service else "?"
            return RedirectResponse(f"{service}{mark}{urlencode(answer)}", 303, _NO_STORE)
        return posted(request, self.pages, service, answer)

    def _refused(self, request: Request, error: str, service: str) -> Response:
        page = self.pages.render(
            "sign_in_refused.html",
            reader_from(request),
            reason=error if error in _REASONS else "other",
            again=f"/cas/login?{urlencode({'service': service})}",
        )
        return HTMLResponse(page, 403, _NO_STORE)


def demanded(said: Mapping[str, str], name: str) -> bool:
    """Whether a switch of the protocol is set: there, and not ``false``."""
    return name in said and said[name].lower() != "false"
