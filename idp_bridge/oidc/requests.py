"""Checks an authorization request (OpenID Connect Core 3.1.2.2) before anything happens.

Until client and redirect target are known to belong together nothing is ever sent anywhere; after
that every fault goes back to the client.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from idp_bridge.core.authorization import AuthorizationRequest, Client
from idp_bridge.core.clients import Clients
from idp_bridge.oidc import redirects
from idp_bridge.oidc.errors import HintRefused, UnknownClient
from idp_bridge.oidc.forms import Parameters
from idp_bridge.oidc.keys import KeySet

CLAIMS = ("sub", "name", "preferred_username")
_PROMPTS = {"none", "login", "consent", "select_account"}
_UNSUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}
_S256 = re.compile(r"[A-Za-z0-9_-]{43}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


class Refused(Exception):
    """A fault that the client is told of, by redirect."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def parties(parameters: Parameters, clients: Clients) -> tuple[Client, str]:
    """The client and its redirect target. Raises ``InvalidRequest``: nobody may be redirected."""
    client = clients.find(parameters.get("client_id", ""))
    if client is None:
        raise UnknownClient("no such client")
    return client, redirects.match(parameters.get("redirect_uri", ""), client.redirect_uris)


def bare(parameters: Parameters, client: Client, redirect_uri: str) -> AuthorizationRequest:
    """As much of the request as an error answer needs."""
    return AuthorizationRequest(
        client_id=client.client_id,
        realm=client.realm,
        redirect_uri=redirect_uri,
        scope="",
        state=parameters.get("state", ""),
        response_mode="form_post" if parameters.get("response_mode") == "form_post" else "query",
    )


def validated(
    parameters: Parameters, client: Client, redirect_uri: str, keys: KeySet, issuer: str
) -> AuthorizationRequest:
    """The request, every parameter checked. Raises ``Refused``."""
    if parameters.repeated:
        raise Refused("invalid_request", "A parameter was sent twice")
    for name, error in _UNSUPPORTED.items():
        if name in parameters:
            raise Refused(error)
    claims = _claims(parameters)
    asked = AuthorizationRequest(
        client_id=client.client_id,
        realm=client.realm,
        redirect_uri=redirect_uri,
        response_mode=_response(parameters),
        scope=_scope(parameters, client),
        state=parameters.get("state", ""),
        nonce=parameters.get("nonce", ""),
        code_challenge=_challenge(parameters, client),
        prompt=_prompt(parameters),
        max_age=_max_age(parameters),
        acr_values=parameters.get("acr_values", ""),
        login_hint=parameters.get("login_hint", ""),
        ui_locales=parameters.get("ui_locales", ""),
        app_hint=_app_hint(parameters),
        level=client.level,
        hinted_subject=_hinted(parameters, claims, client, keys, issuer),
        essential_acr=_essential_acr(claims["id_token"]),
        id_token_claims=tuple(name for name in claims["id_token"] if name in CLAIMS),
        userinfo_claims=tuple(name for name in claims["userinfo"] if name in CLAIMS),
    )
    if client.keycloak:
        _leave_to_keycloak(parameters, asked)
    return asked


def _leave_to_keycloak(parameters: Mapping[str, str], asked: AuthorizationRequest) -> None:
    """Refuse what only a password or passkey at Keycloak may do; it then asks for one of them.

    With ``kc_action`` the person is about to add a way in: one scan that somebody was tricked into
    must never become a lasting take-over.
    """
    beyond = asked.wanted_acr and asked.level not in asked.wanted_acr
    if "kc_action" in parameters or beyond:
        raise Refused("access_denied", "Another way of signing in is needed")


def _response(parameters: Mapping[str, str]) -> Literal["query", "form_post"]:
    response_type = parameters.get("response_type")
    if response_type is None:
        raise Refused("invalid_request", "response_type is missing")
    if response_type != "code":
        raise Refused("unsupported_response_type")
    mode = parameters.get("response_mode", "query")
    if mode not in ("query", "form_post"):
        raise Refused("invalid_request", "response_mode is not supported")
    return "form_post" if mode == "form_post" else "query"


def _scope(parameters: Mapping[str, str], client: Client) -> str:
    scope = parameters.get("scope", "")
    if not _SCOPE.fullmatch(scope) or "openid" not in scope.split():
        raise Refused("invalid_scope", "scope must contain openid")
    # Scopes that are not served are left out of the grant (Core 3.1.2.1).
    return " ".join(dict.fromkeys(s for s in scope.split() if s in client.scopes))


def _challenge(parameters: Mapping[str, str], client: Client) -> str:
    challenge = parameters.get("code_challenge", "")
    method = parameters.get("code_challenge_method", "plain" if challenge else "")
    if not challenge and not method and not client.require_pkce:
        return ""
    if method != "S256" or not _S256.fullmatch(challenge):
        raise Refused("invalid_request", "PKCE with code_challenge_method S256 is required")
    return challenge


def _prompt(parameters: Mapping[str, str]) -> str:
    prompts = parameters.get("prompt", "").split()
    if not set(prompts) <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise Refused("invalid_request", "prompt is not valid")
    return " ".join(prompts)


def _max_age(parameters: Mapping[str, str]) -> int | None:
    text = parameters.get("max_age")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refused("invalid_request", "max_age is not a number of seconds")
    return int(text)


def _claims(parameters: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    try:
        asked = json.loads(parameters.get("claims", "{}"))
    except (ValueError, RecursionError):
        asked = None
    parts = {}
    for name in ("id_token", "userinfo"):
        part = asked.get(name) if isinstance(asked, dict) else ""
        if not isinstance(part, dict | None):
            raise Refused("invalid_request", "claims is not valid")
        parts[name] = part or {}
    return parts


def _app_hint(parameters: Mapping[str, str]) -> str:
    hint = parameters.get("bridge_app", "")
    return hint if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", hint) else ""


def _essential_acr(claims: Mapping[str, Any]) -> tuple[str, ...]:
    acr = claims.get("acr")
    if not isinstance(acr, dict) or acr.get("essential") is not True:
        return ()
    values = acr.get("values", [acr["value"]] if "value" in acr else [])
    return tuple(value for value in values if isinstance(value, str))


def _hinted(
    parameters: Mapping[str, str],
    claims: Mapping[str, Mapping[str, Any]],
    client: Client,
    keys: KeySet,
    issuer: str,
) -> str:
    subjects = set()
    asked = claims["id_token"].get("sub")
    if isinstance(asked, dict) and isinstance(asked.get("value"), str):
        subjects.add(asked["value"])
    if "id_token_hint" in parameters:
        try:
            hint = keys.read(parameters["id_token_hint"], issuer=issuer)
        except HintRefused:
            raise Refused("invalid_request", "id_token_hint is not valid") from None
        if hint["aud"] != client.client_id:
            raise Refused("invalid_request", "id_token_hint was issued to another client")
        subjects.add(str(hint["sub"]))
    if len(subjects) > 1:
        raise Refused("login_required", "Two different people are asked for")
    return subjects.pop() if subjects else ""
