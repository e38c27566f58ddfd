"""How the examples that use an SDK describe themselves, and show its notices in their look."""

from collections.abc import Mapping
from typing import Any

from common.pages import Pages, language
from common.places import place
from common.settings import Registration, Settings
from idp_bridge_adapters.app import App
from idp_bridge_adapters.app import Registration as Registered
from idp_bridge_adapters.front import Surroundings
from idp_bridge_adapters.notices import Notice, Page
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.web import Asked

_LABELS = {"again": "again", "more": "weak_go", "reload": "reload", "back": "back"}


def described(settings: Settings, realms: Mapping[str, Registration]) -> App:
    return App(
        base_url=settings.app_url,
        registrations=tuple(
            Registered(at.issuer, at.client_id, at.client_secret) for at in realms.values()
        ),
        minimum_acr=settings.required_acr,
    )


def around(settings: Settings) -> Surroundings:
    return Surroundings(verify=settings.verify)


def notices(pages: Pages, settings: Settings) -> Page:
    """The SDK's notices as pages of the app."""

    def shown(asked: Asked, notice: Notice) -> str:
        chosen = language(
            asked.once("lang"),
            asked.cookies.get(f"{settings.cookie}-lang"),
            asked.headers.get("accept-language"),
        )
        if notice.kind == "choose":
            return pages.render("choose.html", chosen, realms=notice.links)
        [(label, action)] = notice.links
        return pages.render(
            "notice.html",
            chosen,
            notice=notice.kind,
            action=action,
            label=_LABELS[label],
            person=notice.person,
        )

    return shown


def facts(who: Principal) -> dict[str, Any]:
    """What ``/whoami`` says: all but the session's name."""
    posts = [{"role": post.role, "org": post.org} for post in sorted(who.posts)]
    return {
        "issuer": who.issuer,
        "subject": who.subject,
        "name": who.name,
        "roles": sorted(who.roles),
        "posts": posts,
        "acr": who.acr,
    }


def places_of(who: Principal, chosen: str) -> list[tuple[str, str]]:
    """The person's posts as (role, readable place)."""
    return [(post.role, place(post.org, chosen)) for post in sorted(who.posts)]
