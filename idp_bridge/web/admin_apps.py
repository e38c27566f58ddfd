"""Every app on the admin pages: how it stands, whom it could not be told, what can be changed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from idp_bridge.core.admission import AdmissionRecords, Report
from idp_bridge.core.app_logout import Line, Outbox
from idp_bridge.core.app_settings import (
    SERVED,
    AppDesk,
    AppSettings,
    BadSetting,
    RealmSettings,
    service_addresses,
)
from idp_bridge.core.apps import App, Apps
from idp_bridge.web.admin import admin_page, administrators_only
from idp_bridge.web.admission_words import mend, title, why
from idp_bridge.web.language import translator
from idp_bridge.web.request_lines import app_name
from idp_bridge.web.surface import Surface, Visit

REALMS = ("residents", "workers")
_LANGUAGES = ("zh", "en")
_UNDELIVERED = 200
_STATE_TONES = {"admitted": "good", "checked": "primary", "draft": "warn"}


@dataclass(frozen=True, slots=True)
class AppLine:
    """One app over its realms. ``unequal``: its realms disagree, which somebody has to look at."""

    client_id: str
    name: str
    icon: str
    protocol: str
    realms: tuple[str, ...]
    state: str
    tone: str
    suspended: bool
    owner: str
    contact: str
    logout_url: str
    requestable: bool
    undelivered: int
    unequal: bool
    check: Report | None


@dataclass(frozen=True, slots=True)
class AppsDesk:
    """The list, one app, and the change of one."""

    surface: Surface
    apps: Apps
    desk: AppDesk
    outbox: Outbox
    admissions: AdmissionRecords

    def routes(self) -> list[BaseRoute]:
        """``/apps``, ``/apps/one`` and the change."""
        route = self.surface.route
        return [
            route("/apps", administrators_only(self.show)),
            route("/apps/one", administrators_only(self.show_one)),
            route("/apps/change", administrators_only(self.change), ["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        """Every app of every realm."""
        language = visit.reader.language
        by_id: dict[str, list[App]] = {}
        for realm in REALMS:
            for app in await self.apps.of(realm):
                by_id.setdefault(app.client_id, []).append(app)
        given_up = await self.outbox.given_up(_UNDELIVERED)
        untold = Counter(one.visit.client_id for one in given_up)
        checks = {report.client_id: report for report in await self.admissions.all()}
        lines = [_line(own, language, checks.get(key), untold[key]) for key, own in by_id.items()]
        lines.sort(key=lambda line: line.name)
        return admin_page(
            self.surface,
            visit,
            "apps",
            lines=lines,
            undelivered=[
                (one, _named(by_id, one.visit.client_id, language), untold[one.visit.client_id])
                for one in _newest_of_each(given_up)
            ],
        )

    async def show_one(self, visit: Visit) -> Response:
        """One app and the form."""
        asked = visit.request.query_params
        apps = await self.desk.of(asked.get("id", ""), REALMS)
        return await self._one(visit, apps, _current(apps), done=asked.get("done") == "1")

    async def change(self, visit: Visit) -> Response:
        """Write what was changed; a field that cannot be taken is shown again with the reason."""
        form = await visit.form()
        apps = await self.desk.of(str(form.get("id", "")), REALMS)
        wanted = _wanted(form, apps)
        try:
            await self.desk.change(apps, wanted, visit.session.account)
        except BadSetting as error:
            return await self._one(visit, apps, wanted, wrong=error.field)
        return RedirectResponse(f"/apps/one?id={quote(apps[0].client_id, safe='')}&done=1", 303)

    async def _one(
        self,
        visit: Visit,
        apps: tuple[App, ...],
        settings: AppSettings,
        *,
        wrong: str = "",
        done: bool = False,
    ) -> Response:
        t = translator(visit.reader.language)
        report = await self.admissions.of(apps[0].client_id)
        failures = report.failures if report else ()
        return admin_page(
            self.surface,
            visit,
            "app",
            status=422 if wrong else 200,
            line=_line(list(apps), visit.reader.language, report, 0),
            failures=[
                (
                    finding.realm,
                    title(t, finding),
                    why(t, finding),
                    mend(t, finding, apps[0].protocol),
                )
                for finding in failures
            ],
            apps=apps,
            settings=settings,
            served=apps[0].protocol in SERVED,
            wrong=wrong,
            done=done,
        )


def _line(apps: list[App], language: str, check: Report | None, undelivered: int) -> AppLine:
    first = apps[0]
    return AppLine(
        client_id=first.client_id,
        name=app_name(first, first.client_id, language),
        icon=first.icon,
        protocol=first.protocol,
        realms=tuple(app.realm for app in apps),
        state=first.state,
        tone=_STATE_TONES.get(first.state, ""),
        # The stricter realm wins.
        suspended=any(not app.enabled for app in apps),
        owner=first.owner,
        contact=first.contact,
        logout_url=first.logout_url,
        requestable=first.requestable,
        undelivered=undelivered,
        unequal=len({(app.enabled, app.state, app.protocol) for app in apps}) > 1,
        check=check,
    )


def _newest_of_each(given_up: Sequence[Line]) -> list[Line]:
    """One line for each app; ``given_up`` is newest first."""
    return list({one.visit.client_id: one for one in reversed(given_up)}.values())[::-1]


def _named(by_id: dict[str, list[App]], client_id: str, language: str) -> str:
    own: Iterable[App] = by_id.get(client_id, ())
    return app_name(next(iter(own), None), client_id, language)


def _current(apps: tuple[App, ...]) -> AppSettings:
    first = apps[0]
    return AppSettings(
        names=dict(first.names),
        owner=first.owner,
        contact=first.contact,
        requestable=first.requestable,
        realms={app.realm: RealmSettings(app.url, service_addresses(app)) for app in apps},
    )


def _wanted(form: FormData, apps: tuple[App, ...]) -> AppSettings:
    def said(name: str) -> str:
        return str(form.get(name, "")).strip()

    return AppSettings(
        names={language: said(f"name_{language}") for language in _LANGUAGES},
        owner=said("owner").lower(),
        contact=said("contact"),
        requestable=said("requestable") == "yes",
        realms={
            app.realm: RealmSettings(
                said(f"url_{app.realm}"), tuple(said(f"addresses_{app.realm}").split())
            )
            for app in apps
        },
    )
