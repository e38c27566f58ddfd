"""The authorization endpoint.

checked -- session good enough --> code to the client
        -- prompt=none          --> error to the client
        -- else                 --> a way to sign in, bound to this browser

Residents choose between QR and Keycloak's own ways; workers have Keycloak's only.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from idp_bridge.core.authorization import (
    AuthorizationRequest,
    AuthorizationResponse,
    Client,
    refusal,
)
from idp_bridge.core.cookies import browser_cookie
from idp_bridge.core.errors import InvalidGrant
from idp_bridge.core.secret import digest
from idp_bridge.oidc import cookies
from idp_bridge.oidc.answers import NO_STORE, to_client
from idp_bridge.oidc.forms import form_of, query_of
from idp_bridge.oidc.provider import Endpoint, Provider
from idp_bridge.oidc.requests import Refused, bare, parties, validated

QR_REALM = "residents"


def authorize(op: Provider) -> Endpoint:
    """GET: decide. POST: go to the same request by GET."""

    async def endpoint(request: Request) -> Response:
        if request.method == "POST":
            # Browsers send our cookies not with a POST of another site, but with what follows it.
            query = urlencode((await form_of(request)).once())
            return RedirectResponse(f"{op.issuer}/authorize?{query}", 303, NO_STORE)
        parameters = query_of(request)
        client, redirect_uri = parties(parameters, op.clients)
        try:
            asked = validated(parameters, client, redirect_uri, op.keys, op.issuer)
        except Refused as fault:
            told = refusal(bare(parameters, client, redirect_uri), fault.error, fault.description)
            return to_client(op, request, told)
        answer = await _at_once(op, request, client, asked)
        return to_client(op, request, answer) if answer else await _sign_in(op, request, asked)

    return endpoint


def kept_answer(op: Provider) -> Endpoint:
    """Deliver an answer that a page of ours put aside for this browser."""

    async def endpoint(request: Request) -> Response:
        held = cookies.read(request, browser_cookie(op.issuer))
        ticket = request.query_params.get("a", "")
        if held is None:
            raise InvalidGrant("answer: no browser cookie")
        return to_client(op, request, await op.authorizations.kept(ticket, digest(held)))

    return endpoint


async def _at_once(
    op: Provider, request: Request, client: Client, asked: AuthorizationRequest
) -> AuthorizationResponse | None:
    token = cookies.session_of(request, op.issuer, client.realm)
    session = await op.sessions.find(token)
    if token and session and op.authorizations.suffices(asked, session.authentication):
        await op.sessions.answered(token, client.client_id)
        return await op.authorizations.answer(asked, session.authentication)
    if asked.prompt == "none":
        return refusal(asked, "login_required")
    return None


async def _sign_in(op: Provider, request: Request, asked: AuthorizationRequest) -> Response:
    browser, is_new = cookies.browser_of(request, op.issuer)
    interaction = await op.authorizations.begin(asked, digest(browser))
    query = {"i": interaction}
    if asked.ui_locales:
        query["ui_locales"] = asked.ui_locales
    path = "/sign-in" if asked.realm == QR_REALM else "/sign-in/keycloak"
    response = RedirectResponse(f"{op.issuer}{path}?{urlencode(query)}", 303, NO_STORE)
    if is_new:
        cookies.write(response, browser_cookie(op.issuer), browser)
    return response
