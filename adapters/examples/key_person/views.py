"""The app's pages: the plans of one's own posts, a visit recorded, a plan closed."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path

from common.claims import Person
from common.django_pages import SitePages, chosen_language
from common.pages import Pages
from common.places import place
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from key_person.models import Step
from key_person.plans import PLANS, acts_as, plan_of
from key_person.sign_in import who_is
from key_person.texts import TEXTS

shown = SitePages(Pages(Path(__file__).parent, TEXTS))
page, notice = shown.page, shown.notice
signed_out, cross_site = shown.signed_out, shown.cross_site
View = Callable[..., HttpResponse]


def entered(view: View) -> View:
    """The one door of every page: signed in, with a role here."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: str) -> HttpResponse:
        who = who_is(request)
        if who is None:
            if request.method == "GET" and request.path == "/":
                return redirect("/login")
            return JsonResponse({"error": "login_required"}, status=401)
        return view(request, who, **parts)

    return guarded


@require_GET
@entered
def home(request: HttpRequest, who: Person) -> HttpResponse:
    steps = {step.plan: step for step in Step.objects.all()}
    seen = [(plan, steps.get(plan.id), acts_as(who, plan)) for plan in PLANS if acts_as(who, plan)]
    chosen = chosen_language(request)
    places = [(role, place(org, chosen)) for role, org in sorted(who.posts)]
    return page(request, "home.html", person=who, places=places, plans=seen, place_of=place)


@require_GET
@entered
def whoami(request: HttpRequest, who: Person) -> HttpResponse:
    return JsonResponse(who.facts())


@require_POST
@entered
def visited(request: HttpRequest, who: Person, plan_id: str) -> HttpResponse:
    return _step(request, who, plan_id, "visitor", visited_by=who.name)


@require_POST
@entered
def closed(request: HttpRequest, who: Person, plan_id: str) -> HttpResponse:
    """What only a coordinator may do."""
    return _step(request, who, plan_id, "coordinator", closed_by=who.name)


def _step(request: HttpRequest, who: Person, plan_id: str, role: str, **done: str) -> HttpResponse:
    plan = plan_of(plan_id)
    if plan is None or role not in acts_as(who, plan):
        return notice(request, "not_yours", "/", "back", status=403, person=who)
    Step.objects.update_or_create(plan=plan.id, defaults=done)
    return redirect("/")


def failed(request: HttpRequest) -> HttpResponse:
    return notice(request, "failed", "/login", "again", status=400)


def away(request: HttpRequest) -> HttpResponse:
    return notice(request, "away", "/", "reload", status=503)
