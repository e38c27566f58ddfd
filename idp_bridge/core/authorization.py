"""The OpenID Provider's decisions: a validated request waits for a person, then becomes a code.

    begin -> interaction --approve--> code --redeem--> tokens
                        \\--refuse--> error to the client

An interaction is bound to the browser that began it; nothing in it can be changed afterwards. The
one who authenticates the person (QR login, Keycloak, an activation code) only says who it was.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidGrant
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.core.secret import new_token

CODE_LIFE = timedelta(seconds=60)
INTERACTION_LIFE = timedelta(minutes=30)

ClientAuth = Literal["private_key_jwt", "client_secret_basic", "client_secret_post"]


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client of the bridge's OpenID Provider.

    ``keycloak`` is true for Keycloak itself as broker: the person's other ways in are then
    Keycloak's own, reached by answering ``access_denied``.
    """

    client_id: str
    realm: str
    redirect_uris: tuple[str, ...]
    auth_method: ClientAuth
    keycloak: bool = False
    require_pkce: bool = True
    secret: str = field(default="", repr=False)
    jwks_uri: str = ""
    jwks: Mapping[str, Any] | None = None
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    scopes: tuple[str, ...] = ("openid", "profile")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that passed every check of OpenID Connect Core 3.1.2.2; fixed from here on (B2)."""

    client_id: str
    realm: str
    redirect_uri: str
    scope: str
    state: str = ""
    nonce: str = ""
    code_challenge: str = ""
    response_mode: Literal["query", "form_post"] = "query"
    prompt: str = ""
    max_age: int | None = None
    acr_values: str = ""
    login_hint: str = ""
    ui_locales: str = ""
    app_hint: str = ""
    claims: str = ""


@dataclass(frozen=True, slots=True)
class Authentication:
    """Who signed in, when and how. ``subject`` is Keycloak's user id; ``sid`` the OP session's."""

    realm: str
    subject: str
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]
    sid: str


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """What the browser carries back to the client; ``iss`` (RFC 9207) is added by the endpoint."""

    redirect_uri: str
    response_mode: Literal["query", "form_post"]
    params: Mapping[str, str]


class Authorizations:
    """Interactions and codes, all of them grants."""

    def __init__(self, grants: Grants, clock: Clock) -> None:
        self._grants = grants
        self._clock = clock

    async def begin(self, request: AuthorizationRequest, browser: str) -> str:
        """Keep ``request`` for the browser with digest ``browser``; return the interaction's id."""
        return await self._grants.issue(
            Grant(
                binding=_interaction(browser),
                account="",
                expires=self._clock() + INTERACTION_LIFE,
                facts=asdict(request),
            )
        )

    async def pending(self, interaction: str, browser: str) -> AuthorizationRequest:
        """Look at a waiting request. Raises ``InvalidGrant``."""
        grant = await self._grants.read(interaction, _interaction(browser))
        return AuthorizationRequest(**grant.facts)

    async def approve(
        self, interaction: str, browser: str, authentication: Authentication
    ) -> AuthorizationResponse:
        """End the interaction with a code for ``authentication``. Raises ``InvalidGrant``."""
        grant = await self._grants.redeem(interaction, _interaction(browser))
        request = AuthorizationRequest(**grant.facts)
        return await self.answer(request, authentication)

    async def answer(
        self, request: AuthorizationRequest, authentication: Authentication
    ) -> AuthorizationResponse:
        """Answer a request at once with a code, for a browser that is signed in already."""
        if authentication.realm != request.realm:
            raise InvalidGrant("the account is of another realm")
        code = await self._grants.issue(
            Grant(
                binding=code_binding(request.realm, request.client_id, request.redirect_uri),
                account=authentication.subject,
                expires=self._clock() + CODE_LIFE,
                family=new_token(),
                facts={
                    "request": asdict(request),
                    "auth_time": authentication.auth_time.timestamp(),
                    "acr": authentication.acr,
                    "amr": list(authentication.amr),
                    "sid": authentication.sid,
                },
            )
        )
        return _response(request, {"code": code})

    async def refuse(
        self, interaction: str, browser: str, error: str, description: str = ""
    ) -> AuthorizationResponse:
        """End the interaction with an error of OpenID Connect Core 3.1.2.6."""
        grant = await self._grants.redeem(interaction, _interaction(browser))
        return refusal(AuthorizationRequest(**grant.facts), error, description)

    async def redeem(
        self, code: str, *, realm: str, client_id: str, redirect_uri: str
    ) -> tuple[AuthorizationRequest, Authentication, str]:
        """Spend a code: the request, who signed in, and the family of what is issued from it.

        Raises ``InvalidGrant``, or ``GrantReused`` with the family to revoke (B3). The caller
        still has to compare the PKCE verifier with ``request.code_challenge``.
        """
        grant = await self._grants.redeem(code, code_binding(realm, client_id, redirect_uri))
        facts = grant.facts
        authentication = Authentication(
            realm=realm,
            subject=grant.account,
            auth_time=datetime.fromtimestamp(facts["auth_time"], UTC),
            acr=facts["acr"],
            amr=tuple(facts["amr"]),
            sid=facts["sid"],
        )
        return AuthorizationRequest(**facts["request"]), authentication, grant.family


def refusal(
    request: AuthorizationRequest, error: str, description: str = ""
) -> AuthorizationResponse:
    """An error answer for ``request``."""
    params = {"error": error}
    if description:
        params["error_description"] = description
    return _response(request, params)


def _response(request: AuthorizationRequest, params: dict[str, str]) -> AuthorizationResponse:
    if request.state:
        params["state"] = request.state
    return AuthorizationResponse(request.redirect_uri, request.response_mode, params)


def _interaction(browser: str) -> Binding:
    # The realm and client are facts of the request; the browser is what an attacker lacks.
    return Binding(kind="interaction", realm="", app="", browser=browser)


def code_binding(realm: str, client_id: str, redirect_uri: str) -> Binding:
    """The bindings of an authorization code (RFC 6749, 4.1.3)."""
    return Binding(kind="code", realm=realm, app=client_id, redirect=redirect_uri)
