"""The small app on Django. Settings are one for the process, so a request says for which site."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, JsonResponse
from django.urls import path

from idp_bridge_adapters.app import App
from idp_bridge_adapters.sdk.django import SignOn
from idp_bridge_adapters.testing import FakeBridge

urlpatterns: list[Any] = []
_SITES: list[tuple[SignOn, ModuleType]] = []


def refusing(get_response: Callable[[HttpRequest], Any]) -> Any:
    """Routes by the site's own URLs, with the site's own middleware behind."""
    return _Chosen(get_response)


class _Chosen:
    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        sign_on, request.urlconf = _SITES[request.META["site"]]
        return sign_on.middleware(self._get_response)(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> Any:
        sign_on, _ = _SITES[request.META["site"]]
        return sign_on.middleware(self._get_response).process_exception(request, error)


def site(
    app: App, bridge: FakeBridge, role: Any, facts: Callable[[Any], dict[str, Any]], **options: Any
) -> Callable[..., Any]:
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            MIDDLEWARE=[f"{__name__}.refusing"],
            SECRET_KEY="of the tests",
            ROOT_URLCONF=__name__,
        )
        django.setup()
    sign_on = SignOn(app, around=bridge.around, **options)
    admit = sign_on.require_role

    def shown(request: HttpRequest, **_path: str) -> JsonResponse:
        return JsonResponse(facts(sign_on.current(request)))

    async def shown_async(request: HttpRequest, **_path: str) -> JsonResponse:
        return JsonResponse(facts(await sign_on.acurrent(request)))

    def unit(request: HttpRequest) -> str:
        return "/baoan/" + request.path.rpartition("/")[2]

    urls = ModuleType("urls")
    urls.__dict__["urlpatterns"] = [
        *sign_on.urls(),
        path("", admit()(shown)),
        path("bookings", admit(role.COUNSELLOR)(shown_async)),
        path("strong", admit(acr="mfa")(shown)),
        path("api/<str:unit>", sign_on.require_machine(role.REGISTRAR, org=unit)(shown)),
        path("units/<str:unit>", admit(role.REGISTRAR, org=unit)(shown)),
    ]
    _SITES.append((sign_on, urls))
    number, handler = len(_SITES) - 1, WSGIHandler()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        return handler({**environ, "site": number}, start_response)

    return application
