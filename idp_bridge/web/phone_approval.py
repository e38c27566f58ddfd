"""The phone's page and calls for one sign-in: it has seen a code, asks what it means, and decides.

    GET  /q          the page; the code is in the fragment, which no GET sends to a server (L5)
    POST /q/seen     holds a code for this phone; needs no session, changes no sign-in (L1)
    POST /q/typed    the code that a typed short code stands for
    POST /q/scan     after the person's gesture: what is being asked, frozen
    POST /q/decide   approve or deny, signed by the phone's key

Everything but the first two needs the resident's session, its CSRF token and a proof of the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.cookies import cookie_name
from idp_bridge.core.devices import Devices
from idp_bridge.core.errors import InvalidRequest, NotSignedIn
from idp_bridge.core.geo import Datum, Position
from idp_bridge.core.pages import Pages
from idp_bridge.core.qr_approval import Gesture, Phone, QrApproval
from idp_bridge.core.secret import digest, new_token
from idp_bridge.core.surroundings import Surroundings
from idp_bridge.incoming import reader_from
from idp_bridge.web.guards import check_same_origin
from idp_bridge.web.qr_requests import NO_STORE, said_in, set_cookie, text_of
from idp_bridge.web.surface import Surface, Visit

REALM = "residents"


@dataclass(frozen=True, slots=True)
class PhoneApprovalParts:
    """What the phone's page for one sign-in is made of."""

    surface: Surface
    pages: Pages
    approval: QrApproval
    devices: Devices
    surroundings: Surroundings


def routes(parts: PhoneApprovalParts) -> list[BaseRoute]:
    """The routes of the resident origin that this module serves."""
    pages = PhoneApprovalPages(parts)
    post = parts.surface.route
    return [
        Route("/q", pages.show),
        Route("/q/seen", pages.seen, methods=["POST"]),
        post("/q/typed", pages.typed, ["POST"]),
        post("/q/scan", pages.scan, ["POST"]),
        post("/q/decide", pages.decide, ["POST"]),
    ]


class PhoneApprovalPages:
    """Handlers: each reads the request, asks core and answers."""

    def __init__(self, parts: PhoneApprovalParts) -> None:
        self._parts = parts
        self._origin = parts.surface.origin
        self._cookie = cookie_name("phone", self._origin)

    async def show(self, request: Request) -> Response:
        """The scanner. It works signed out too: it then says to sign in first."""
        visit = await self._visit(request)
        facts = await self._facts(visit)
        page = self._parts.pages.render("phone/scan.html", reader_from(request), **facts)
        answer = HTMLResponse(page, headers=NO_STORE)
        if self._cookie not in request.cookies:
            set_cookie(answer, self._cookie, new_token())
        return answer

    async def seen(self, request: Request) -> Response:
        """Hold a code while the person reads; a previewer may do so harmlessly."""
        check_same_origin(request, self._origin)
        said = await said_in(request)
        await self._parts.approval.seen(text_of(said, "frame", 64), self._phone_cookie(request))
        return Response(status_code=204, headers=NO_STORE)

    async def typed(self, visit: Visit) -> Response:
        """The frame of a typed short code."""
        said = await said_in(visit.request)
        frame = await self._parts.approval.typed(text_of(said, "code", 64), self._phone(visit))
        return JSONResponse({"frame": frame}, headers=NO_STORE)

    async def scan(self, visit: Visit) -> Response:
        """What this code asks for: the exact text that the phone then signs."""
        said = await said_in(visit.request)
        asked = await self._parts.approval.scan(
            text_of(said, "frame", 64),
            self._phone(visit),
            proof=_proof(visit.request),
            url=f"{self._origin}/q/scan",
            gesture=_gesture(said),
        )
        content = {
            "reference": asked.reference,
            "context": asked.context,
            "context_hash": asked.context_hash,
            "nonce": asked.nonce,
            "ends": asked.ends.timestamp(),
            "wait": asked.wait.total_seconds(),
        }
        return JSONResponse(content, headers=NO_STORE)

    async def decide(self, visit: Visit) -> Response:
        """The decision."""
        said = await said_in(visit.request)
        decided = await self._parts.approval.decide(
            text_of(said, "reference", 64),
            self._phone(visit),
            proof=_proof(visit.request),
            url=f"{self._origin}/q/decide",
            decision=text_of(said, "decision"),
            position=_position(said.get("position")),
        )
        content = {
            "approved": decided.approved,
            "digits": decided.digits,
            "ends": decided.ends.timestamp(),
        }
        return JSONResponse(content, headers=NO_STORE)

    async def _visit(self, request: Request) -> Visit | None:
        try:
            return await self._parts.surface.visit(request)
        except NotSignedIn:
            return None

    async def _facts(self, visit: Visit | None) -> dict[str, object]:
        login = self._parts.surface.login_path
        facts: dict[str, object] = {
            "visitor": visit.session if visit else None,
            "sign_in": login("/q", way=""),
            "fresh": login("/q", way="", fresh="1"),
        }
        if visit is None:
            return facts | {"page_data": {"signedIn": False}}
        devices = await self._parts.devices.of(REALM, visit.session.subject)
        data = {
            "signedIn": True,
            "name": visit.session.name,
            "key": key_name(visit.session.subject),
            "devices": [device.id for device in devices],
        }
        return facts | {"page_data": data}

    def _phone(self, visit: Visit) -> Phone:
        request, session = visit.request, visit.session
        address = request.client.host if request.client else ""
        around = self._parts.surroundings.describe(address, request.headers.get("user-agent", ""))
        return Phone(
            cookie=self._phone_cookie(request),
            session=digest(session.csrf),
            realm=REALM,
            subject=session.subject,
            name=session.name,
            auth_time=session.auth_time,
            acr=session.acr,
            city=around.city,
        )

    def _phone_cookie(self, request: Request) -> str:
        cookie = request.cookies.get(self._cookie, "")
        if not cookie:
            raise InvalidRequest("the page was not opened on this phone")
        return digest(cookie)


def key_name(subject: str) -> str:
    """Where the browser keeps the key of one account."""
    return f"approval:{REALM}:{subject}"


def _proof(request: Request) -> str:
    return request.headers.get("dpop", "")


def _gesture(said: Mapping[str, Any]) -> Gesture:
    gesture = text_of(said, "gesture", 16)
    if gesture not in get_args(Gesture):
        raise InvalidRequest("no such gesture")
    return cast(Gesture, gesture)


def _position(said: Any) -> Position | None:
    if said is None:
        return None
    try:
        datum = said.get("datum", "WGS-84")
        if datum not in get_args(Datum):
            raise ValueError("no such datum")
        return Position(
            float(said["latitude"]), float(said["longitude"]), datum, float(said["accuracy"])
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidRequest("not a position") from None
