"""What the views of the Django examples share: language, pages and notices."""

from typing import Any

from django.conf import settings as site
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token

from common.pages import Pages, language


def chosen_language(request: HttpRequest) -> str:
    return language(
        request.GET.get("lang"),
        request.COOKIES.get(f"{site.APP.cookie}-lang"),
        request.headers.get("accept-language"),
    )


class SitePages:
    """``pages`` as answers of Django; each knows the token that its forms have to bring."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def page(
        self, request: HttpRequest, template: str, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        chosen = chosen_language(request)
        html = self._pages.render(template, chosen, csrf=get_token(request), **context)
        answer = HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
        if "lang" in request.GET:
            name = f"{site.APP.cookie}-lang"
            answer.set_cookie(name, chosen, 31_536_000, secure=True, httponly=True, samesite="Lax")
        return answer

    def notice(
        self, request: HttpRequest, name: str, action: str, label: str, **context: Any
    ) -> HttpResponse:
        return self.page(request, "notice.html", notice=name, action=action, label=label, **context)

    def signed_out(self, request: HttpRequest) -> HttpResponse:
        return self.notice(request, "signed_out", "/", "again")

    def cross_site(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """A form of another site."""
        return self.notice(request, "not_yours", "/", "back", status=403)


def healthy(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ready": True})
