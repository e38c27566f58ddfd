"""The portals: exactly the apps that the person may enter, and what else they can do here."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.apps import App, Apps
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.errors import NotSignedIn
from idp_bridge.core.orgs import OrgNames, called, posts_in, way_to
from idp_bridge.core.pages import Reader
from idp_bridge.incoming import reader_from
from idp_bridge.web.access_requests import AccessNews
from idp_bridge.web.language import texts
from idp_bridge.web.surface import Surface, Visit

# The order of the groups on the page.
GROUPS = ("work", "dispatch", "analysis", "find-a-service", "report", "look-up", "other")


@dataclass(frozen=True, slots=True)
class Tile:
    """An app as one person sees it, in one language."""

    name: str
    icon: str
    url: str
    roles: tuple[str, ...]
    search: str


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post as one person reads it."""

    role: str
    unit: str
    above: str


@dataclass(frozen=True, slots=True)
class Portal:
    """``admin_url`` is where the holders of ``bridge-admin`` find the admin pages; ``news`` tells
    of requests for apps, where there are any."""

    surface: Surface
    apps: Apps
    orgs: OrgNames
    admin_url: str
    news: Callable[[Visit], Awaitable[AccessNews]] | None = None

    def routes(self) -> list[BaseRoute]:
        """The start page; signed out it says what this is."""
        return [Route("/", self.home)]

    async def home(self, request: Request) -> Response:
        """The tiles, or the welcome page when nobody is signed in."""
        try:
            visit = await self.surface.visit(request)
        except NotSignedIn:
            return self._welcome(reader_from(request))
        session = visit.session
        language = visit.reader.language
        may_enter = enterable(await self.apps.of(self.surface.sessions.realm), session)
        return self.surface.page(
            visit,
            "portal/home.html",
            groups=grouped(may_enter, session, language),
            posts=await self._posts(visit),
            roles=named_roles(session.realm_roles, language),
            admin_url=self.admin_url if "bridge-admin" in session.realm_roles else "",
            news=await self.news(visit) if self.news else None,
        )

    def _welcome(self, reader: Reader) -> Response:
        page = self.surface.pages.render("portal/welcome.html", reader)
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    async def _posts(self, visit: Visit) -> tuple[PostLine, ...]:
        posts = posts_in(visit.session.claims.get("groups"))
        if not posts:
            return ()
        units = {unit for post in posts for unit in way_to(post.org)}
        names = await self.orgs.of(self.surface.sessions.realm, units)
        language = visit.reader.language
        lines = []
        for post in posts:
            *above, unit = called(names, post.org, language)
            lines.append(PostLine(role_name(post.role, language), unit, " / ".join(above)))
        return tuple(lines)


def enterable(apps: Iterable[App], session: ClientSession) -> list[App]:
    """The apps in which the person holds a role right now, as far as a link can lead there."""
    held = (app for app in apps if app.enabled and session.roles_in(app.client_id))
    return [app for app in held if app.url.startswith(("https://", "http://"))]


def grouped(
    apps: Iterable[App], session: ClientSession, language: str
) -> list[tuple[str, list[Tile]]]:
    """Tiles by group, in the order of the page; groups without a tile are left out."""
    by_group: dict[str, list[Tile]] = {group: [] for group in GROUPS}
    for app in apps:
        group = app.group if app.group in by_group else "other"
        by_group[group].append(_tile(app, session, language))
    return [(g, sorted(tiles, key=lambda t: t.name)) for g, tiles in by_group.items() if tiles]


def role_name(role: str, language: str) -> str:
    """What a realm role is called; its own name where there is no text for it."""
    return texts(language).get(f"roles.{role}", role)


def named_roles(roles: Iterable[str], language: str) -> list[str]:
    """The roles that mean something to people, by name."""
    known = texts(language)
    return sorted(known[f"roles.{role}"] for role in roles if f"roles.{role}" in known)


def _tile(app: App, session: ClientSession, language: str) -> Tile:
    name = app.names.get(language) or app.client_id
    roles = sorted(session.roles_in(app.client_id))
    labels = tuple(app.role_names.get(role, {}).get(language, role) for role in roles)
    search = " ".join((*app.names.values(), *labels, app.client_id)).lower()
    return Tile(name, app.icon, app.url, labels, search)
