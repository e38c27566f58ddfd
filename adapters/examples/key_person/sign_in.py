"""Signing in with django-cas-ng, and what that library leaves to the app.

It brings the redirect, the validation and single logout. An app adds: a new session at each
sign-in, and reading its roles and posts out of the attributes of the answer.
"""

from typing import Any
from urllib.parse import urlsplit

from common.claims import Person, person
from django.conf import settings as site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django_cas_ng.backends import CASBackend
from django_cas_ng.views import LoginView, LogoutView
from requests import RequestException

_MANY = ("roles", "posts")


class District(CASBackend):
    """The library's backend; an answer without a role of this app is nobody's."""

    def bad_attributes_reject(
        self, request: HttpRequest, username: str, attributes: dict[str, Any]
    ) -> bool:
        return not attributes.get("roles")


class Begin(LoginView):
    """To the bridge and back. The library would keep a session that somebody else began."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if "ticket" in request.GET:
            request.session.flush()
        try:
            return super().get(request)
        except PermissionDenied:
            return HttpResponseRedirect("/failed")
        except RequestException:
            return HttpResponseRedirect("/away")


class End(LogoutView):
    """Ends the session here, and then everywhere."""

    http_method_names = ("post",)


def who_is(request: HttpRequest) -> Person | None:
    """The person of this session, by what the bridge said when it began.

    When something of that changes the bridge ends the session, and the next sign-in is silent.
    """
    if not request.user.is_authenticated:
        return None
    said = {name: _listed(request.session["attributes"].get(name)) for name in _MANY}
    claims = {
        "iss": _origin(site.CAS_SERVER_URL),
        "sub": request.user.get_username(),
        "name": request.session["attributes"].get("name", ""),
        "groups": said["posts"],
        "resource_access": {"": {"roles": said["roles"]}},
    }
    return person(claims, "")


def _listed(value: str | list[str] | None) -> list[str]:
    """One value comes as a text, several as a list."""
    return [value] if isinstance(value, str) else value or []


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
