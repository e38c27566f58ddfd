"""The token endpoint: a code, once, for the client and redirect it was made for.

What was true at the sign-in may not be true any more: account and session are read again here.
"""

import base64
import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.accounts import Account
from idp_bridge.core.authorization import CODE_LIFE, Client, Redeemed
from idp_bridge.core.errors import BridgeError, GrantReused, InvalidGrant, InvalidRequest
from idp_bridge.core.levels import RANKS
from idp_bridge.core.revocations import Standing
from idp_bridge.core.secret import same
from idp_bridge.oidc.answers import machine
from idp_bridge.oidc.forms import Parameters, form_of
from idp_bridge.oidc.provider import Endpoint, Provider
from idp_bridge.oidc.tokens import LIFE, id_token, issue_access

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class UnsupportedGrantType(BridgeError):
    """Only ``authorization_code`` is served (RFC 6749, 5.2)."""

    code, status, public = "unsupported_grant_type", 400, "This grant type is not supported"


def token(op: Provider) -> Endpoint:
    """``/token``."""

    async def endpoint(request: Request) -> Response:
        form = (await form_of(request)).once()
        header = request.headers.get("authorization", "")
        client = await op.client_authentication.authenticate(header, form)
        if "grant_type" not in form:
            raise InvalidRequest("grant_type is missing")
        if form["grant_type"] != "authorization_code":
            raise UnsupportedGrantType("grant_type")
        redeemed = await _redeem(op, client, form)
        account = await _account(op, redeemed)
        access_token = await issue_access(op, redeemed)
        return machine(
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": int(LIFE.total_seconds()),
                "scope": redeemed.request.scope,
                "id_token": id_token(op, client, account, redeemed, access_token),
            }
        )

    return endpoint


async def _redeem(op: Provider, client: Client, form: Parameters) -> Redeemed:
    code, redirect_uri = form.get("code", ""), form.get("redirect_uri", "")
    if not code:
        raise InvalidRequest("code is missing")
    try:
        redeemed = await op.authorizations.redeem(code, client=client, redirect_uri=redirect_uri)
    except GrantReused as reused:
        await op.grants.revoke_family(reused.family, LIFE + CODE_LIFE)
        raise
    _check_verifier(redeemed.request.code_challenge, form.get("code_verifier", ""))
    return redeemed


def _check_verifier(challenge: str, verifier: str) -> None:
    if not challenge and not verifier:
        return
    # A verifier without a challenge means that somebody took the challenge out on the way.
    if not challenge or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("PKCE: verifier missing, malformed or unexpected")
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    if not same(made.decode(), challenge):
        raise InvalidGrant("PKCE: verifier does not match")


async def _account(op: Provider, redeemed: Redeemed) -> Account:
    who = redeemed.authentication
    standing = await op.revocations.standing(
        realm=who.realm,
        subject=who.subject,
        sid=who.sid,
        began=redeemed.issued,
        read_at=redeemed.issued,
    )
    if standing is Standing.ENDED:
        raise InvalidGrant("the session ended meanwhile")
    account = await op.accounts.find(who.realm, who.subject)
    if account is None or not account.enabled:
        raise InvalidGrant("the account is gone or disabled")
    if account.is_administrator and RANKS.get(who.acr, 0) < RANKS["password"]:
        raise InvalidGrant("administrators do not sign in by QR or activation code")
    return account
