"""Signing in with mozilla-django-oidc, and what that library leaves to the app.

It brings state, nonce, PKCE and the signature. An app adds: issuer, audience and ``azp`` of the ID
token; people keyed by issuer and subject instead of e-mail; roles that are followed; back-channel
logout.
"""

import time
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from common.claims import Person, is_logout, person
from django.conf import settings as site
from django.contrib import auth
from django.contrib.sessions.backends.cache import SessionStore
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
    OIDCLogoutView,
)

from legal_aid.models import LiveSession, Resident


class Unreachable(Exception):
    """Keycloak does not answer, so nobody's rights are known."""


class District(OIDCAuthenticationBackend):
    """The library's backend, with every check of OpenID Connect Core 3.1.3.7 in place."""

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = super().verify_token(token, **kwargs)
        except (jwt.PyJWTError, KeyError) as error:
            raise SuspiciousOperation("not a valid token") from error
        self._meant_for_us(claims)
        if not {"exp", "iat", "sub", "sid"} <= claims.keys() or claims.get("typ") != "ID":
            raise SuspiciousOperation("not an ID token of a session")
        return claims

    def logout_claims(self, token: str) -> dict[str, Any]:
        """The claims of a back-channel logout token that is in order."""
        try:
            claims: dict[str, Any] = self.get_payload_data(token, self.retrieve_matching_jwk(token))
        except (jwt.PyJWTError, KeyError) as error:
            raise SuspiciousOperation("not a valid token") from error
        self._meant_for_us(claims)
        if not {"exp", "iat", "jti"} <= claims.keys() or not is_logout(claims):
            raise SuspiciousOperation("not a logout token")
        return claims

    def _meant_for_us(self, claims: dict[str, Any]) -> None:
        audience = claims.get("aud")
        meant_for = [audience] if isinstance(audience, str) else audience or []
        known = claims.get("iss") == site.REGISTERED.issuer
        given = claims.get("azp", self.OIDC_RP_CLIENT_ID) == self.OIDC_RP_CLIENT_ID
        if not known or not given or self.OIDC_RP_CLIENT_ID not in meant_for:
            raise SuspiciousOperation("a token of another issuer or for another app")

    def get_token(self, payload: dict[str, Any]) -> dict[str, Any]:
        self.tokens: dict[str, Any] = super().get_token(payload)
        return self.tokens

    def get_userinfo(
        self, access_token: str, id_token: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        return payload

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        return True

    def filter_users_by_claims(self, claims: dict[str, Any]) -> Any:
        return Resident.objects.filter(issuer=claims["iss"], subject=claims["sub"])

    def create_user(self, claims: dict[str, Any]) -> Resident:
        resident = Resident(issuer=claims["iss"], subject=claims["sub"])
        return self.update_user(resident, claims)

    def update_user(self, user: Resident, claims: dict[str, Any]) -> Resident:
        user.name = claims.get("name") or claims.get("preferred_username", "")
        user.save()
        user.signed_in = _signed_in(self.tokens, claims)
        return user

    def refreshed(self, refresh_token: str) -> dict[str, Any]:
        """Today's tokens; raises ``SuspiciousOperation`` when the session is over."""
        form = {
            "client_id": self.OIDC_RP_CLIENT_ID,
            "client_secret": self.OIDC_RP_CLIENT_SECRET,
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
        }
        try:
            tokens = self.get_token(form)
            claims = self.verify_token(tokens["id_token"], nonce=None)
        except requests.RequestException as error:
            if error.response is not None and error.response.status_code in (400, 401):
                raise SuspiciousOperation("the session is over") from error
            raise Unreachable from error
        return _signed_in(tokens, claims)


def _signed_in(tokens: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    return {
        "claims": claims,
        "refresh_token": tokens["refresh_token"],
        "id_token": tokens["id_token"],
    }


class Begin(OIDCAuthenticationRequestView):
    """Sends the browser to Keycloak; ``?more`` asks for the level this app requires."""

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        return {"acr_values": site.APP.required_acr} if "more" in request.GET else {}


class Callback(OIDCAuthenticationCallbackView):
    """Each sign-in begins a new session, which a back-channel logout can find."""

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            return super().get(request)
        except requests.HTTPError:
            return self.login_failure()
        except requests.RequestException:
            return HttpResponseRedirect("/away")

    def login_success(self) -> HttpResponse:
        # ``login`` alone keeps the session's key when the same person signs in once more.
        LiveSession.objects.filter(session_key=self.request.session.session_key).delete()
        self.request.session.flush()
        auth.login(self.request, self.user)
        answer = super().login_success()
        signed_in = self.user.signed_in
        self.request.session["signed_in"] = {**signed_in, "read_at": time.monotonic()}
        LiveSession.objects.create(
            session_key=self.request.session.session_key,
            issuer=signed_in["claims"]["iss"],
            subject=signed_in["claims"]["sub"],
            sid=signed_in["claims"]["sid"],
        )
        return answer


class End(OIDCLogoutView):
    """Ends the session here, and then at Keycloak."""

    http_method_names = ("post",)


def sign_out_url(request: HttpRequest) -> str:
    LiveSession.objects.filter(session_key=request.session.session_key).delete()
    query = {
        "id_token_hint": request.session["signed_in"]["id_token"],
        "post_logout_redirect_uri": f"{site.APP.app_url}/signed-out",
        "client_id": site.REGISTERED.client_id,
    }
    return f"{site.OIDC_OP_LOGOUT_ENDPOINT}?{urlencode(query)}"


def end_named(logout_token: str) -> None:
    """Back-channel logout: by ``sid``, and only without it by ``sub``."""
    claims = District().logout_claims(logout_token)
    named = {"sid": claims["sid"]} if claims.get("sid") else {"subject": claims["sub"]}
    meant = LiveSession.objects.filter(issuer=claims["iss"], **named)
    for live in meant:
        SessionStore(live.session_key).delete()
    meant.delete()


def who_is(request: HttpRequest) -> Person | None:
    """The person of this session, by what Keycloak said at most two seconds ago."""
    signed_in = request.session.get("signed_in")
    if signed_in is None or not request.user.is_authenticated:
        return None
    return person(signed_in["claims"], site.REGISTERED.client_id)
