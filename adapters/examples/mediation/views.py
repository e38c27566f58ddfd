"""The app's pages: residents bring a dispute, mediators of that unit record what was agreed."""

from typing import Any

from common.django_pages import SitePages, chosen_language
from common.places import place
from common.sign_on import facts, places_of
from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from idp_bridge_adapters.principal import Principal
from mediation.models import Dispute
from mediation.roles import Role, brought_by, handled_by
from mediation.sign_on import pages, sign_on
from mediation.texts import KINDS, UNITS

shown = SitePages(pages)
page, signed_out, cross_site = shown.page, shown.signed_out, shown.cross_site


class Bringing(forms.Form):
    org = forms.ChoiceField(choices=[(unit, unit) for unit in UNITS])
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS])
    summary = forms.CharField(min_length=10, max_length=1000)


class Settling(forms.Form):
    agreement = forms.CharField(min_length=10, max_length=1000)


def place_of_dispute(request: HttpRequest) -> str:
    """The unit that a request is about; nowhere if there is no such dispute."""
    found = Dispute.objects.filter(pk=request.path.split("/")[2]).first()
    return found.org if found else ""


@require_GET
@sign_on.require_role()
def home(request: HttpRequest) -> HttpResponse:
    return overview(request)


@require_POST
@sign_on.require_role(Role.PARTY)
def bring(request: HttpRequest) -> HttpResponse:
    form, who = Bringing(request.POST), sign_on.current(request)
    if not form.is_valid():
        return overview(request, error=True, summary=request.POST.get("summary", ""))
    Dispute.objects.create(
        issuer=who.issuer, subject=who.subject, name=who.name, **form.cleaned_data
    )
    return redirect("/")


@require_POST
@sign_on.require_role(Role.MEDIATOR, org=place_of_dispute)
def settle(request: HttpRequest, number: int) -> HttpResponse:
    form = Settling(request.POST)
    if not form.is_valid():
        return overview(request, error=True)
    agreed = {**form.cleaned_data, "mediator": sign_on.current(request).name}
    Dispute.objects.filter(pk=number, agreement="").update(**agreed)
    return redirect("/")


@require_GET
@sign_on.require_role()
def whoami(request: HttpRequest) -> HttpResponse:
    return JsonResponse(facts(sign_on.current(request)))


def overview(request: HttpRequest, *, error: bool = False, summary: str = "") -> HttpResponse:
    who, chosen = sign_on.current(request), chosen_language(request)
    return page(
        request,
        "home.html",
        status=400 if error else 200,
        error=error,
        summary=summary,
        person=who,
        places=places_of(who, chosen),
        place_of=lambda org: place(org, chosen),
        units=UNITS,
        kinds=KINDS,
        **disputes(who),
    )


def disputes(who: Principal) -> dict[str, Any]:
    """What the person sees: one's own, and those of one's posts with whether one may settle."""
    works = Role.MEDIATOR in who.roles or Role.ADVISER in who.roles
    handled = [(one, who.may(Role.MEDIATOR, org=one.org)) for one in handled_by(who)]
    return {"works": works, "handled": handled, "mine": brought_by(who)}
