"""The userinfo endpoint (OpenID Connect Core 5.3, RFC 6750)."""

from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.errors import InvalidGrant, InvalidRequest
from idp_bridge.core.revocations import Standing
from idp_bridge.oidc.answers import NO_STORE, machine
from idp_bridge.oidc.forms import form_of
from idp_bridge.oidc.provider import Endpoint, Provider
from idp_bridge.oidc.tokens import Access, read_access, released

_REALM = 'Bearer realm="idp-bridge"'


def userinfo(op: Provider) -> Endpoint:
    """``/userinfo`` by GET or POST."""

    async def endpoint(request: Request) -> Response:
        try:
            bearer = await _bearer(request)
        except InvalidRequest as fault:
            return _challenge("invalid_request", fault.public, 400)
        if not bearer:
            return Response(status_code=401, headers={**NO_STORE, "WWW-Authenticate": _REALM})
        try:
            access = await _usable(op, bearer)
        except InvalidGrant:
            return _challenge("invalid_token", "The access token is invalid or expired", 401)
        account = await op.accounts.find(access.realm, access.subject)
        if account is None or not account.enabled:
            return _challenge("invalid_token", "The access token is invalid or expired", 401)
        return machine(released(account, access.claims))

    return endpoint


async def _bearer(request: Request) -> str:
    scheme, _, in_header = request.headers.get("authorization", "").partition(" ")
    in_header = in_header.strip() if scheme.lower() == "bearer" else ""
    kind = request.headers.get("content-type", "")
    in_body = ""
    if request.method == "POST" and kind.startswith("application/x-www-form-urlencoded"):
        in_body = (await form_of(request)).once().get("access_token", "")
    if in_header and in_body:
        raise InvalidRequest("two access tokens")
    return in_header or in_body


async def _usable(op: Provider, token: str) -> Access:
    access = await read_access(op, token)
    standing = await op.revocations.standing(
        realm=access.realm,
        subject=access.subject,
        sid=access.sid,
        began=access.issued,
        read_at=access.issued,
    )
    if standing is Standing.ENDED:
        raise InvalidGrant("the session ended")
    return access


def _challenge(error: str, description: str, status: int) -> Response:
    content = {"error": error, "error_description": description}
    value = f'{_REALM}, error="{error}", error_description="{description}"'
    return machine(content, status, WWW_Authenticate=value)
