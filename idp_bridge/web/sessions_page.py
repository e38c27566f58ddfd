"""Every place an account is signed in to, and the ends of them (A3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from idp_bridge.core.accounts import Accounts, KeycloakSession
from idp_bridge.core.apps import Apps
from idp_bridge.core.errors import NotFound
from idp_bridge.core.revocations import Revocations
from idp_bridge.core.sign_ins import SignIn, SignIns
from idp_bridge.web.language import texts
from idp_bridge.web.surface import Surface, Visit


@dataclass(frozen=True, slots=True)
class Place:
    """One live session as its owner reads it. ``device`` is empty where the bridge saw none."""

    id: str
    device: str
    kiosk: str
    where: str
    started: datetime
    last_access: datetime
    apps: tuple[str, ...]
    by_qr: bool
    here: bool


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """The page and its two actions."""

    surface: Surface
    accounts: Accounts
    apps: Apps
    sign_ins: SignIns
    revocations: Revocations

    def routes(self) -> list[BaseRoute]:
        """``/sessions`` and what can be done there."""
        return [
            self.surface.route("/sessions", self.show),
            self.surface.route("/sessions/end", self.end, ["POST"]),
            self.surface.route("/sessions/end-others", self.end_others, ["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        """Where the person is signed in, this place first, then the newest."""
        realm, subject = self.surface.sessions.realm, visit.session.subject
        seen = {s.sid: s for s in await self.sign_ins.of(realm, subject, 50)}
        names = await self._app_names(visit.reader.language)
        places = [
            _place(held, seen.get(held.bridge_sid), names, here=held.id == visit.session.sid)
            for held in await self.accounts.sessions(realm, subject)
        ]
        places.sort(key=lambda place: (not place.here, -place.last_access.timestamp()))
        done = visit.request.query_params.get("done") == "1"
        return self.surface.page(visit, "portal/sessions.html", places=places, done=done)

    async def end(self, visit: Visit) -> Response:
        """End one of the person's own sessions everywhere."""
        wanted = str((await visit.form()).get("id", ""))
        held = await self.accounts.sessions(self.surface.sessions.realm, visit.session.subject)
        mine = next((session for session in held if session.id == wanted), None)
        if mine is None:
            raise NotFound("no such session of this account")
        await self._end(visit, mine)
        return RedirectResponse("/sessions?done=1", 303)

    async def end_others(self, visit: Visit) -> Response:
        """End every session but the one that asks."""
        held = await self.accounts.sessions(self.surface.sessions.realm, visit.session.subject)
        for session in held:
            if session.id != visit.session.sid:
                await self._end(visit, session)
        return RedirectResponse("/sessions?done=1", 303)

    async def _end(self, visit: Visit, session: KeycloakSession) -> None:
        realm, subject = self.surface.sessions.realm, visit.session.subject
        # The mark is in force at once; the others are told in their own time.
        await self.revocations.end_session(realm, session.id)
        known = {s.sid for s in await self.sign_ins.of(realm, subject, 50)}
        if session.bridge_sid in known:
            await self.sign_ins.end(realm, subject, session.bridge_sid)
        await self.accounts.end_session(realm, session.id)

    async def _app_names(self, language: str) -> dict[str, str]:
        apps = await self.apps.of(self.surface.sessions.realm)
        ours = {
            key.removeprefix("clients."): text
            for key, text in texts(language).items()
            if key.startswith("clients.")
        }
        return ours | {app.client_id: app.names.get(language, app.client_id) for app in apps}


def _place(
    held: KeycloakSession, sign_in: SignIn | None, names: dict[str, str], *, here: bool
) -> Place:
    return Place(
        id=held.id,
        device=_joined((sign_in.browser, sign_in.system)) if sign_in else "",
        kiosk=sign_in.kiosk if sign_in else "",
        where=_joined((sign_in.city, sign_in.network)) if sign_in else held.network,
        started=held.started,
        last_access=held.last_access,
        apps=tuple(sorted(names[client] for client in held.clients if client in names)),
        by_qr=sign_in is not None,
        here=here,
    )


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)
