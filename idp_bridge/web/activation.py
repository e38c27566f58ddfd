"""``/activate``: a resident without any credential types the one-time code from the counter.

The code signs the waiting browser in at the lowest level; Keycloak then has the person set a
passkey or a password before anything else happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.activation import Activations, Credential
from idp_bridge.core.authorization import (
    Authentication,
    AuthorizationRequest,
    AuthorizationResponse,
    Authorizations,
)
from idp_bridge.core.clock import Clock
from idp_bridge.core.cookies import browser_cookie, op_session_cookie
from idp_bridge.core.errors import Forbidden, InvalidGrant, InvalidRequest, TooManyRequests
from idp_bridge.core.op_sessions import OpSessions
from idp_bridge.core.pages import Pages
from idp_bridge.core.secret import digest, new_token
from idp_bridge.core.surroundings import Surroundings
from idp_bridge.incoming import reader_from
from idp_bridge.settings import Settings
from idp_bridge.web.guards import check_same_origin
from idp_bridge.web.qr_requests import NO_STORE, form_policy, said_in, set_cookie, text_of

ACR, AMR = "activation", ("otp",)


@dataclass(frozen=True, slots=True)
class ActivationParts:
    """What the activation page is made of."""

    settings: Settings
    pages: Pages
    activations: Activations
    authorizations: Authorizations
    op_sessions: OpSessions
    surroundings: Surroundings
    clock: Clock


def routes(parts: ActivationParts) -> list[BaseRoute]:
    """The routes of the OpenID Provider's origin that this module serves."""
    page = ActivationPage(parts)
    return [Route("/activate", page.show), Route("/activate", page.redeem, methods=["POST"])]


class ActivationPage:
    """Shows the form and redeems the code."""

    def __init__(self, parts: ActivationParts) -> None:
        self._parts = parts
        self._issuer = parts.settings.issuer

    async def show(self, request: Request) -> Response:
        """The form, or where to begin when no sign-in is waiting in this browser."""
        interaction = request.query_params.get("i", "")
        wish = await self._waiting(request, interaction)
        return self._page(request, interaction, wish)

    async def redeem(self, request: Request) -> Response:
        """Spend the code and go on to Keycloak; a code that is not good shows the form again."""
        check_same_origin(request, self._issuer)
        said = await said_in(request)
        interaction = text_of(said, "i")
        wish = await self._waiting(request, interaction)
        if wish is None:
            return self._page(request, interaction, None)
        try:
            subject = await self._parts.activations.redeem(
                text_of(said, "code", 64),
                credential=_credential(said),
                network=self._network(request),
            )
        except (InvalidGrant, Forbidden) as error:
            return self._page(request, interaction, wish, problem="wrong", status=error.status)
        except TooManyRequests as error:
            return self._page(request, interaction, wish, problem="slow", status=error.status)
        return await self._go_on(request, interaction, wish, subject)

    async def _go_on(
        self, request: Request, interaction: str, wish: AuthorizationRequest, subject: str
    ) -> Response:
        parts, cookie = self._parts, op_session_cookie(self._issuer, wish.realm)
        who = Authentication(
            wish.realm, subject, parts.clock(), ACR, AMR, parts.op_sessions.new_sid()
        )
        response = await parts.authorizations.approve(interaction, self._browser(request), who)
        token = await parts.op_sessions.start(who, previous=request.cookies.get(cookie))
        await parts.op_sessions.answered(token, wish.client_id)
        return await self._answer(response, cookie, token)

    async def _answer(self, response: AuthorizationResponse, cookie: str, token: str) -> Response:
        renewed = new_token()
        location = await self._parts.authorizations.way_back(
            response, issuer=self._issuer, browser=digest(renewed)
        )
        answer = RedirectResponse(location, 303, NO_STORE)
        set_cookie(answer, cookie, token)
        set_cookie(answer, browser_cookie(self._issuer), renewed)
        return answer

    async def _waiting(self, request: Request, interaction: str) -> AuthorizationRequest | None:
        try:
            return await self._parts.authorizations.pending(interaction, self._browser(request))
        except InvalidGrant:
            return None

    def _page(
        self,
        request: Request,
        interaction: str,
        wish: AuthorizationRequest | None,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        settings = self._parts.settings
        page = self._parts.pages.render(
            "qr/activate.html",
            reader_from(request),
            interaction=interaction if wish else "",
            resident_url=settings.resident_url,
            problem=problem,
        )
        targets = (wish.redirect_uri if wish else "", settings.keycloak_url)
        return HTMLResponse(page, status, {**NO_STORE, **form_policy(*targets)})

    def _browser(self, request: Request) -> str:
        return digest(request.cookies.get(browser_cookie(self._issuer), ""))

    def _network(self, request: Request) -> str:
        address = request.client.host if request.client else ""
        agent = request.headers.get("user-agent", "")
        return self._parts.surroundings.describe(address, agent).network


def _credential(said: Mapping[str, Any]) -> Credential:
    credential = text_of(said, "credential", 16)
    if credential not in get_args(Credential):
        raise InvalidRequest("neither passkey nor password")
    return cast(Credential, credential)
