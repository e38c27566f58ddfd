"""ID tokens, and access tokens that are grants: a logout or a second use of the code ends them."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from idp_bridge.core.accounts import Account
from idp_bridge.core.authorization import Authentication, AuthorizationRequest, Client, Redeemed
from idp_bridge.core.grants import Binding, Grant
from idp_bridge.core.levels import answered
from idp_bridge.oidc.provider import Provider

LIFE = timedelta(minutes=5)
_ACCESS = Binding(kind="access-token", realm="", app="")


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token allows: to read ``claims`` of ``subject``."""

    realm: str
    subject: str
    sid: str
    issued: datetime
    claims: tuple[str, ...]


async def issue_access(op: Provider, redeemed: Redeemed) -> str:
    """A new access token of the code's family."""
    who, now = redeemed.authentication, op.clock()
    facts = {
        "realm": who.realm,
        "sid": who.sid,
        "issued": now.timestamp(),
        "claims": _userinfo_claims(redeemed.request),
    }
    grant = Grant(_ACCESS, who.subject, now + LIFE, redeemed.family, facts)
    return await op.grants.issue(grant)


async def read_access(op: Provider, token: str) -> Access:
    """What ``token`` allows. Raises ``InvalidGrant``."""
    grant = await op.grants.read(token, _ACCESS)
    facts = grant.facts
    issued = datetime.fromtimestamp(facts["issued"], UTC)
    return Access(facts["realm"], grant.account, facts["sid"], issued, tuple(facts["claims"]))


def id_token(
    op: Provider, client: Client, account: Account, redeemed: Redeemed, access_token: str
) -> str:
    """The ID token of a redeemed code (OpenID Connect Core 2, 3.1.3.6)."""
    request, who = redeemed.request, redeemed.authentication
    now = int(op.clock().timestamp())
    claims: dict[str, Any] = {
        "iss": op.issuer,
        "sub": who.subject,
        "aud": client.client_id,
        "exp": now + int(LIFE.total_seconds()),
        "iat": now,
        "auth_time": _auth_time(client, who, now),
        "acr": answered(who.acr, request.wanted_acr),
        "amr": list(who.amr),
        "sid": who.sid,
        "at_hash": _half_hash(access_token),
        **released(account, request.id_token_claims),
    }
    if request.nonce:
        claims["nonce"] = request.nonce
    return op.keys.sign(claims, algorithm=client.signing_alg)


def released(account: Account, names: tuple[str, ...]) -> dict[str, str]:
    """The named claims, as far as there is a value for them."""
    known = {
        "sub": account.subject,
        "name": account.name,
        "preferred_username": account.username,
    }
    return {name: known[name] for name in names if known.get(name)}


def _auth_time(client: Client, who: Authentication, now: int) -> int:
    # Keycloak lets a person add a way in without asking again in the very second of the sign-in.
    # The phone's approval lies before its digits, so an earlier moment is true as well.
    told = int(who.auth_time.timestamp())
    return min(told, now - 2) if client.keycloak else told


def _userinfo_claims(request: AuthorizationRequest) -> list[str]:
    by_scope = ["name", "preferred_username"] if "profile" in request.scope.split() else []
    return list(dict.fromkeys(["sub", *by_scope, *request.userinfo_claims]))


def _half_hash(token: str) -> str:
    # Both our algorithms hash with SHA-256 (Core 3.1.3.6).
    left = hashlib.sha256(token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(left).rstrip(b"=").decode()
