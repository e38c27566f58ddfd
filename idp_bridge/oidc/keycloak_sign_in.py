"""Signing a person in for a client that is not Keycloak: at Keycloak, as its relying party.

    /sign-in --other ways--> /sign-in/keycloak --> Keycloak --> /sign-in/callback --> the client

``state`` is a grant bound to this browser; it holds the interaction, the nonce and the verifier.
"""

import base64
import hashlib
from datetime import timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from idp_bridge.core.authorization import Authentication, AuthorizationRequest
from idp_bridge.core.cookies import browser_cookie, op_session_cookie
from idp_bridge.core.errors import InvalidGrant, InvalidRequest, NotSignedIn
from idp_bridge.core.grants import Binding, Grant
from idp_bridge.core.relying_party import LogoutToken, RelyingParty, Tokens
from idp_bridge.core.secret import digest, new_token
from idp_bridge.oidc import cookies
from idp_bridge.oidc.answers import NO_STORE, to_client
from idp_bridge.oidc.authorize import QR_REALM
from idp_bridge.oidc.forms import form_of, query_of
from idp_bridge.oidc.provider import Endpoint, Provider

_LIFE = timedelta(minutes=30)
_AMR = {
    "qr": ("mca", "swk"),
    "password": ("pwd",),
    "mfa": ("pwd", "otp", "mfa"),
    "passkey": ("hwk", "user"),
}


def leave(op: Provider) -> Endpoint:
    """``/sign-in/keycloak?i=``: on to Keycloak's own ways in."""

    async def endpoint(request: Request) -> Response:
        browser = _browser(op, request)
        interaction = query_of(request).get("i", "")
        asked = await op.authorizations.pending(interaction, digest(browser))
        nonce, verifier = new_token(), new_token()
        facts = {"i": interaction, "realm": asked.realm, "nonce": nonce, "verifier": verifier}
        grant = Grant(_state(browser), "", op.clock() + _LIFE, facts=facts)
        address = _relying_party(op, asked.realm).authorization_url(
            redirect_uri=f"{op.issuer}/sign-in/callback",
            state=await op.grants.issue(grant),
            nonce=nonce,
            code_challenge=_challenge(verifier),
            extra=_wishes(asked),
        )
        return RedirectResponse(address, 303, NO_STORE)

    return endpoint


def come_back(op: Provider) -> Endpoint:
    """``/sign-in/callback``: Keycloak has said who it is."""

    async def endpoint(request: Request) -> Response:
        answer = query_of(request).once()
        browser = _browser(op, request)
        facts = (await op.grants.redeem(answer.get("state", ""), _state(browser))).facts
        path = "/sign-in" if facts["realm"] == QR_REALM else "/sign-in/keycloak"
        again = f"{op.issuer}{path}?{urlencode({'i': facts['i']})}"
        if "error" in answer and facts["realm"] == QR_REALM:
            return RedirectResponse(again, 303, NO_STORE)
        if "error" in answer:
            # There is no other way to offer: the client hears of it.
            told = await op.authorizations.refuse(facts["i"], digest(browser), "access_denied")
            return to_client(op, request, told)
        tokens = await _relying_party(op, facts["realm"]).exchange(
            code=answer.get("code", ""),
            redirect_uri=f"{op.issuer}/sign-in/callback",
            code_verifier=facts["verifier"],
            nonce=facts["nonce"],
        )
        try:
            return await _sign_in(op, request, facts["i"], facts["realm"], tokens)
        except NotSignedIn:
            return RedirectResponse(again, 303, NO_STORE)

    return endpoint


def keycloak_logout(op: Provider) -> Endpoint:
    """``/backchannel-logout``: a session at Keycloak ended, and so does what came from it."""

    async def endpoint(request: Request) -> Response:
        text = (await form_of(request)).once().get("logout_token", "")
        realm, token = await _verified(op, text)
        sid = await op.sessions.sid_of_upstream(realm, token.sid) if token.sid else None
        if sid:
            await op.logout.end_everywhere(realm, sid)
        elif token.subject and not token.sid:
            await op.revocations.end_account(realm, token.subject)
        return Response(status_code=200, headers=NO_STORE)

    return endpoint


async def _sign_in(
    op: Provider, request: Request, interaction: str, realm: str, tokens: Tokens
) -> Response:
    browser = _browser(op, request)
    asked = await op.authorizations.pending(interaction, digest(browser))
    previous = cookies.session_of(request, op.issuer, realm)
    held = await op.sessions.find(previous)
    same_person = held is not None and held.authentication.subject == tokens.subject
    who = Authentication(
        realm=realm,
        subject=tokens.subject,
        auth_time=tokens.auth_time,
        acr=tokens.acr,
        amr=_AMR.get(tokens.acr, ()),
        sid=held.authentication.sid if held and same_person else op.sessions.new_sid(),
    )
    response = await op.authorizations.approve(interaction, digest(browser), who)
    if held and not same_person:
        await op.logout.end_everywhere(realm, held.authentication.sid)
    session = await op.sessions.start(who, upstream=tokens.sid, previous=previous)
    await op.sessions.answered(session, asked.client_id)
    answer = to_client(op, request, response)
    cookies.write(answer, op_session_cookie(op.issuer, realm), session)
    cookies.write(answer, browser_cookie(op.issuer), new_token())
    return answer


async def _verified(op: Provider, text: str) -> tuple[str, LogoutToken]:
    for realm, relying_party in op.sign_in_at.items():
        try:
            return realm, await relying_party.verify_logout_token(text)
        except InvalidRequest:
            continue
    raise InvalidRequest("logout token: of no realm of ours")


def _wishes(asked: AuthorizationRequest) -> dict[str, str]:
    # An empty kc_idp_hint shows Keycloak's own page and never comes back here by the QR broker.
    wishes = {"kc_idp_hint": ""}
    if asked.prompt or asked.max_age is not None:
        wishes["prompt"] = "login"
    passed = {
        "acr_values": " ".join(asked.wanted_acr),
        "login_hint": asked.login_hint,
        "ui_locales": asked.ui_locales,
    }
    return wishes | {name: value for name, value in passed.items() if value}


def _browser(op: Provider, request: Request) -> str:
    held = cookies.read(request, browser_cookie(op.issuer))
    if held is None:
        raise InvalidGrant("sign-in: no browser cookie")
    return held


def _relying_party(op: Provider, realm: str) -> RelyingParty:
    return op.sign_in_at[realm]


def _challenge(verifier: str) -> str:
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def _state(browser: str) -> Binding:
    return Binding(kind="sign-in-state", realm="", app="", browser=digest(browser))
