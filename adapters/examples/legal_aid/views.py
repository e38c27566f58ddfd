"""The app's pages: one's own applications, a form for a new one, and what to tell people."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path

from common.claims import Person
from common.django_pages import SitePages
from common.pages import Pages
from django import forms
from django.conf import settings as site
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from legal_aid.models import Matter
from legal_aid.sign_in import end_named, who_is
from legal_aid.texts import KINDS, TEXTS

shown = SitePages(Pages(Path(__file__).parent, TEXTS))
page, notice = shown.page, shown.notice
signed_out, cross_site = shown.signed_out, shown.cross_site
View = Callable[..., HttpResponse]


class Application(forms.Form):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS])
    summary = forms.CharField(min_length=10, max_length=1000)


def entered(view: View) -> View:
    """The one door of every page: signed in, sure enough, and with a role here now."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        who = who_is(request)
        if who is None:
            if request.method == "GET" and request.path == "/":
                return redirect("/login")
            return JsonResponse({"error": "login_required"}, status=401)
        if not who.reaches(site.APP.required_acr):
            return refused(request, "weak", who)
        if not who.roles:
            return refused(request, "refused", who)
        return view(request, who)

    return guarded


@entered
def home(request: HttpRequest, who: Person) -> HttpResponse:
    form = Application(request.POST or None)
    if request.method == "POST" and form.is_valid():
        Matter.objects.create(resident=request.user, **form.cleaned_data)
        return redirect("/")
    return page(
        request,
        "home.html",
        status=400 if form.errors else 200,
        person=who,
        kinds=KINDS,
        form=form,
        matters=Matter.objects.filter(resident=request.user).order_by("-received"),
    )


@require_GET
@entered
def whoami(request: HttpRequest, who: Person) -> HttpResponse:
    return JsonResponse(who.facts())


@csrf_exempt
@require_POST
def backchannel(request: HttpRequest) -> HttpResponse:
    try:
        end_named(request.POST.get("logout_token", ""))
    except SuspiciousOperation:
        return JsonResponse({"error": "invalid_request"}, status=400)
    return JsonResponse({}, headers={"Cache-Control": "no-store"})


def failed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return notice(request, "failed", "/login", "again", status=400)


def refused(request: HttpRequest, why: str, who: Person) -> HttpResponse:
    if request.path == "/whoami":
        return JsonResponse({"error": why}, status=403)
    action, label = ("/login?more", "weak_go") if why == "weak" else ("/", "reload")
    return notice(request, why, action, label, status=403, person=who)


def away(request: HttpRequest) -> HttpResponse:
    if request.path == "/whoami":
        return JsonResponse({"error": "temporarily_unavailable"}, status=503)
    return notice(request, "away", "/", "reload", status=503)
