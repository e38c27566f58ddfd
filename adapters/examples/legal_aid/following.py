"""Middleware: no view ever sees rights that are older than two seconds."""

import time
from collections.abc import Callable
from typing import Any

from django.contrib import auth
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse

from legal_aid.models import LiveSession
from legal_aid.sign_in import District, Unreachable
from legal_aid.views import away

# Following role changes within 2 s, in both directions, needs a look that is at most 2 s old.
FRESH_FOR = 2.0
Handler = Callable[[HttpRequest], HttpResponse]


def following_roles(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponse:
        signed_in = request.session.get("signed_in")
        if signed_in and time.monotonic() - signed_in["read_at"] > FRESH_FOR:
            try:
                _read_again(request, signed_in)
            except Unreachable:
                return away(request)
        return get_response(request)

    return handle


def _read_again(request: HttpRequest, signed_in: dict[str, Any]) -> None:
    asked_at = time.monotonic()
    was = signed_in["claims"]
    try:
        now = District().refreshed(signed_in["refresh_token"])
        if (now["claims"]["sub"], now["claims"]["sid"]) != (was["sub"], was["sid"]):
            raise SuspiciousOperation("refreshed into another session")
    except SuspiciousOperation:
        LiveSession.objects.filter(session_key=request.session.session_key).delete()
        auth.logout(request)
    else:
        request.session["signed_in"] = {**now, "read_at": asked_at}
