"""A kiosk's own pages: its shell, and its enrolment.

    GET  /kiosk         the shell: enrol once, then wait for people, watch for idleness, clean up
    POST /kiosk/enrol   the kiosk's key under a one-time code (P8)
    POST /kiosk/end     the person went away: end this browser's session everywhere (A2)

The shell stays open in its window and opens the portal in another one; it proves the kiosk to the
sign-in page through the key that both find in this origin's storage.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.cookies import op_session_cookie
from idp_bridge.core.kiosks import Kiosks
from idp_bridge.core.op_sessions import OpSessions
from idp_bridge.core.pages import Pages
from idp_bridge.core.sign_ins import EndsSessions
from idp_bridge.incoming import reader_from
from idp_bridge.settings import Settings
from idp_bridge.web.guards import check_same_origin
from idp_bridge.web.qr_requests import NO_STORE, said_in, text_of

REALM = "residents"


@dataclass(frozen=True, slots=True)
class KioskParts:
    """What a kiosk's pages are made of."""

    settings: Settings
    pages: Pages
    kiosks: Kiosks
    op_sessions: OpSessions
    logout: EndsSessions


def routes(parts: KioskParts) -> list[BaseRoute]:
    """The routes of the OpenID Provider's origin that this module serves."""
    pages = KioskPages(parts)
    return [
        Route("/kiosk", pages.show),
        Route("/kiosk/enrol", pages.enrol, methods=["POST"]),
        Route("/kiosk/end", pages.end, methods=["POST"]),
    ]


class KioskPages:
    """Handlers: each reads the request, asks core and answers."""

    def __init__(self, parts: KioskParts) -> None:
        self._parts = parts
        self._issuer = parts.settings.issuer

    async def show(self, request: Request) -> Response:
        """The shell; which kiosk this is, only its key knows."""
        settings = self._parts.settings
        data = {
            "portal": f"{settings.resident_url}/login?next=%2F",
            "idle": settings.qr.kiosk_idle.total_seconds(),
            "longest": settings.qr.kiosk_max.total_seconds(),
        }
        page = self._parts.pages.render("kiosk/kiosk.html", reader_from(request), page_data=data)
        return HTMLResponse(page, headers=NO_STORE)

    async def enrol(self, request: Request) -> Response:
        """Register the key inside the proof under the code that an administrator was given."""
        check_same_origin(request, self._issuer)
        said = await said_in(request)
        kiosk = await self._parts.kiosks.enrol(
            code=text_of(said, "code", 64),
            proof=text_of(said, "proof"),
            url=f"{self._issuer}/kiosk/enrol",
        )
        content = {"id": kiosk.id, "name": kiosk.name, "address": kiosk.address}
        return JSONResponse(content, 201, NO_STORE)

    async def end(self, request: Request) -> Response:
        """End what this browser is signed in to, and have it forget every cookie.

        Cookies only: the kiosk's key lives in this origin's storage and has to stay.
        """
        check_same_origin(request, self._issuer)
        token = request.cookies.get(op_session_cookie(self._issuer, REALM))
        session = await self._parts.op_sessions.find(token)
        if session is not None:
            who = session.authentication
            await self._parts.logout.end_everywhere(who.realm, who.sid)
        headers = {**NO_STORE, "Clear-Site-Data": '"cookies", "cache"'}
        return Response(status_code=204, headers=headers)
