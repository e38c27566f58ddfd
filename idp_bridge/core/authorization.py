"""The OpenID Provider's decisions: a validated request waits for a person, then becomes a code.

    begin -> interaction --approve--> code --redeem--> tokens
                        \\--refuse--> error to the client

    way_back -> the address that carries the answer to the client

An interaction is bound to the browser that began it; nothing in it can be changed afterwards. The
one who authenticates the person (QR login, Keycloak, an activation code) only says who it was.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidGrant, NotSignedIn
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.core.levels import reaches
from idp_bridge.core.secret import new_token

CODE_LIFE = timedelta(seconds=60)
INTERACTION_LIFE = timedelta(minutes=30)
KEPT_LIFE = timedelta(seconds=30)

ClientAuth = Literal["private_key_jwt", "client_secret_basic", "client_secret_post"]


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client of the bridge's OpenID Provider.

    ``keycloak`` is true for Keycloak itself as broker: the person's other ways in are then
    Keycloak's own, reached by answering ``access_denied``. Keycloak credits each of its ways in
    with one ``level``: the client is answered with exactly this ``acr`` or not at all.
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
    signing_alg: Literal["RS256", "ES256"] = "RS256"
    level: str = ""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that passed every check of OpenID Connect Core 3.1.2.2; fixed from here on (B2).

    ``hinted_subject`` is whom ``id_token_hint`` or a requested ``sub`` names: nobody else will do.
    ``essential_acr`` must be reached; ``acr_values`` only should be. ``level`` is the client's.
    """

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
    level: str = ""
    hinted_subject: str = ""
    essential_acr: tuple[str, ...] = ()
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()

    @property
    def wanted_acr(self) -> tuple[str, ...]:
        """The levels asked for, in whichever way."""
        return self.essential_acr or tuple(self.acr_values.split())


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
        now = self._clock()
        return await self._grants.issue(
            Grant(
                binding=_interaction(browser),
                account="",
                expires=now + INTERACTION_LIFE,
                facts={"request": asdict(request), "began": now.timestamp()},
            )
        )

    async def pending(self, interaction: str, browser: str) -> AuthorizationRequest:
        """Look at a waiting request. Raises ``InvalidGrant``."""
        grant = await self._grants.read(interaction, _interaction(browser))
        return _request(grant.facts["request"])

    async def approve(
        self, interaction: str, browser: str, authentication: Authentication
    ) -> AuthorizationResponse:
        """End the interaction with a code for ``authentication``.

        Raises ``InvalidGrant``, or ``NotSignedIn`` when a fresh act of the person was asked for and
        this one is older; the interaction then goes on. Another person than the one hinted at,
        another level than the client's or less than the essential one ends it with an error.
        """
        grant = await self._grants.read(interaction, _interaction(browser))
        request = _request(grant.facts["request"])
        if not _is_fresh(request, grant.facts["began"], authentication):
            raise NotSignedIn("a fresh sign-in was asked for")
        await self._grants.redeem(interaction, _interaction(browser))
        if request.hinted_subject not in ("", authentication.subject):
            return refusal(request, "login_required", "Another person signed in")
        if request.level not in ("", authentication.acr):
            return refusal(request, "access_denied", "Another way of signing in is needed")
        if request.essential_acr and not reaches(authentication.acr, request.essential_acr):
            return refusal(request, "unmet_authentication_requirements")
        return await self.answer(request, authentication)

    def suffices(self, request: AuthorizationRequest, authentication: Authentication) -> bool:
        """Whether somebody who signed in before may be answered without a page.

        ``prompt`` other than ``none`` asks for a page; so does an older, weaker or other sign-in.
        """
        age = self._clock() - authentication.auth_time
        return (
            authentication.realm == request.realm
            and request.prompt in ("", "none")
            and (request.max_age is None or age <= timedelta(seconds=request.max_age))
            and request.hinted_subject in ("", authentication.subject)
            and request.level in ("", authentication.acr)
            and self._level_suffices(request, authentication.acr)
        )

    def _level_suffices(self, request: AuthorizationRequest, acr: str) -> bool:
        if request.essential_acr:
            return reaches(acr, request.essential_acr)
        # Voluntary levels are worth a page, but not an error where no page may be shown.
        wanted = request.wanted_acr
        return not wanted or request.prompt == "none" or reaches(acr, wanted)

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
                    "issued": self._clock().timestamp(),
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
        return refusal(_request(grant.facts["request"]), error, description)

    async def way_back(self, response: AuthorizationResponse, *, issuer: str, browser: str) -> str:
        """The address that carries ``response`` to the client from any page, by redirect or script.

        A form-post answer waits at the OP for the browser with digest ``browser``, once, for 30 s.
        """
        if response.response_mode == "query":
            return location_of(response, issuer)
        facts = asdict(response) | {"params": dict(response.params)}
        expires = self._clock() + KEPT_LIFE
        ticket = await self._grants.issue(Grant(_answer(browser), "", expires, facts=facts))
        return f"{issuer}/authorize/answer?{urlencode({'a': ticket})}"

    async def kept(self, ticket: str, browser: str) -> AuthorizationResponse:
        """Fetch an answer put aside. Raises ``InvalidGrant``."""
        grant = await self._grants.redeem(ticket, _answer(browser))
        return AuthorizationResponse(**grant.facts)

    async def redeem(self, code: str, *, client: Client, redirect_uri: str) -> "Redeemed":
        """Spend a code. Raises ``InvalidGrant``, or ``GrantReused`` with the family to revoke (B3).

        The caller still has to compare the PKCE verifier with ``request.code_challenge``.
        """
        binding = code_binding(client.realm, client.client_id, redirect_uri)
        grant = await self._grants.redeem(code, binding)
        facts = grant.facts
        authentication = Authentication(
            realm=client.realm,
            subject=grant.account,
            auth_time=datetime.fromtimestamp(facts["auth_time"], UTC),
            acr=facts["acr"],
            amr=tuple(facts["amr"]),
            sid=facts["sid"],
        )
        return Redeemed(
            request=_request(facts["request"]),
            authentication=authentication,
            issued=datetime.fromtimestamp(facts["issued"], UTC),
            family=grant.family,
        )


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code stood for. ``family`` names everything that is issued from it."""

    request: AuthorizationRequest
    authentication: Authentication
    issued: datetime
    family: str


def location_of(response: AuthorizationResponse, issuer: str) -> str:
    """The redirect of a query answer, with ``iss`` (RFC 9207)."""
    joint = "&" if "?" in response.redirect_uri else "?"
    return f"{response.redirect_uri}{joint}{urlencode({**response.params, 'iss': issuer})}"


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


def _request(facts: Mapping[str, Any]) -> AuthorizationRequest:
    lists = {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}
    return AuthorizationRequest(**{**facts, **lists})


def _is_fresh(request: AuthorizationRequest, began: float, authentication: Authentication) -> bool:
    # Keycloak tells ``auth_time`` in whole seconds, rounded down.
    oldest = int(began)
    if "login" in request.prompt.split():
        return authentication.auth_time.timestamp() >= oldest
    if request.max_age is not None:
        return authentication.auth_time.timestamp() >= oldest - request.max_age
    return True


def _answer(browser: str) -> Binding:
    return Binding(kind="answer", realm="", app="", browser=browser)


def _interaction(browser: str) -> Binding:
    # The realm and client are facts of the request; the browser is what an attacker lacks.
    return Binding(kind="interaction", realm="", app="", browser=browser)


def code_binding(realm: str, client_id: str, redirect_uri: str) -> Binding:
    """The bindings of an authorization code (RFC 6749, 4.1.3)."""
    return Binding(kind="code", realm=realm, app=client_id, redirect=redirect_uri)
