"""The end of a session at a client's word (OpenID Connect RP-Initiated Logout 1.0).

    a valid hint to this browser's session, or no session here --> ended, back to the client
    a hint to another session, or none                         --> the person is asked
    a hint or an address that is not good                      --> error page, nobody redirected

Keycloak calls without a browser; its hint alone ends the session, and only that one.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from idp_bridge.core.authorization import Client
from idp_bridge.core.cookies import browser_cookie, op_session_cookie
from idp_bridge.core.errors import Forbidden
from idp_bridge.core.grants import Binding, Grant
from idp_bridge.core.op_sessions import OpSession
from idp_bridge.core.secret import digest
from idp_bridge.oidc import cookies, redirects
from idp_bridge.oidc.answers import NO_STORE, form_policy, origin_of, page
from idp_bridge.oidc.errors import HintRefused, UnknownClient
from idp_bridge.oidc.forms import Parameters, form_of, query_of
from idp_bridge.oidc.provider import Endpoint, Provider

REALMS = ("residents", "workers")
_ASK_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for: which session (``sid`` may be unknown), and where to go then."""

    client: Client | None
    sid: str
    target: str


def end_session(op: Provider) -> Endpoint:
    """``/end_session`` by GET or POST."""

    async def endpoint(request: Request) -> Response:
        is_post = request.method == "POST"
        parameters = (await form_of(request) if is_post else query_of(request)).once()
        if is_post and "id_token_hint" not in parameters:
            # A POST of another site comes without our cookies; what follows it has them.
            query = urlencode(parameters)
            return RedirectResponse(f"{op.issuer}/end_session?{query}", 303, NO_STORE)
        wish = _wish(op, parameters)
        here = await _sessions(op, request)
        if not wish.sid:
            return await _ask(op, request, wish) if here else _done(op, request, wish.target)
        if here and wish.sid not in {held.authentication.sid for held in here.values()}:
            return await _ask(op, request, wish)
        client = wish.client
        told = client.client_id if client and client.keycloak and not here else ""
        await op.logout.end_everywhere(client.realm if client else "", wish.sid, told=told)
        return _done(op, request, wish.target)

    return endpoint


def confirmed(op: Provider) -> Endpoint:
    """The person said yes: every session of this browser ends."""

    async def endpoint(request: Request) -> Response:
        if op.issuer != request.headers.get("origin") and not _from_here(request):
            raise Forbidden("logout: another origin")
        browser = cookies.read(request, browser_cookie(op.issuer)) or ""
        ticket = (await form_of(request)).once().get("ticket", "")
        grant = await op.grants.redeem(ticket, _asked(browser))
        for held in (await _sessions(op, request)).values():
            await op.logout.end_everywhere(held.authentication.realm, held.authentication.sid)
        return _done(op, request, grant.facts["target"])

    return endpoint


def _from_here(request: Request) -> bool:
    return request.headers.get("sec-fetch-site") == "same-origin"


def _wish(op: Provider, parameters: Parameters) -> Wish:
    client_id, sid = parameters.get("client_id", ""), ""
    if "id_token_hint" in parameters:
        hint = op.keys.read(parameters["id_token_hint"], issuer=op.issuer)
        if client_id not in ("", hint["aud"]):
            raise HintRefused("logout: hint of another client")
        client_id, sid = str(hint["aud"]), str(hint.get("sid", ""))
    client = op.clients.find(client_id)
    if client_id and client is None:
        raise UnknownClient("logout: no such client")
    return Wish(client, sid, _target(client, parameters))


def _target(client: Client | None, parameters: Parameters) -> str:
    asked = parameters.get("post_logout_redirect_uri", "")
    if not asked or client is None:
        # Without a client nobody vouches for the address: the person stays here.
        return ""
    target = redirects.match(asked, client.post_logout_redirect_uris)
    if "state" not in parameters:
        return target
    joint = "&" if "?" in target else "?"
    return f"{target}{joint}{urlencode({'state': parameters['state']})}"


async def _sessions(op: Provider, request: Request) -> dict[str, OpSession]:
    found = {}
    for realm in REALMS:
        token = cookies.session_of(request, op.issuer, realm)
        held = await op.sessions.find(token)
        if held is not None:
            found[realm] = held
    return found


async def _ask(op: Provider, request: Request, wish: Wish) -> Response:
    browser, is_new = cookies.browser_of(request, op.issuer)
    grant = Grant(_asked(browser), "", op.clock() + _ASK_LIFE, facts={"target": wish.target})
    ticket = await op.grants.issue(grant)
    answer = page(op, request, "oidc/sign_out.html", ticket=ticket)
    targets = ["'self'", *([origin_of(wish.target)] if wish.target else [])]
    answer.headers["Content-Security-Policy"] = form_policy(*targets)
    if is_new:
        cookies.write(answer, browser_cookie(op.issuer), browser)
    return answer


def _done(op: Provider, request: Request, target: str) -> Response:
    answer = (
        RedirectResponse(target, 303, NO_STORE)
        if target
        else page(op, request, "oidc/signed_out.html")
    )
    for realm in REALMS:
        if op_session_cookie(op.issuer, realm) in request.cookies:
            cookies.forget(answer, op_session_cookie(op.issuer, realm))
    return answer


def _asked(browser: str) -> Binding:
    return Binding(kind="sign-out", realm="", app="", browser=digest(browser))
