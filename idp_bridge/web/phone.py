"""What a resident does about their phones and the places signed in to by scan.

GET  /phone            the page
POST /phone/register   this phone's new key, after a fresh sign-in (P1)
POST /phone/revoke     forget one phone
POST /phone/lost       forget every phone and end what they signed in
POST /phone/end        end one sign-in everywhere
POST /phone/not-me     the same, lock QR login and raise an alert (A4)
GET  /phone/devices, /phone/sign-ins   the lists, for the page's script and the scriptable phone
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Route

from idp_bridge.core.clock import Clock
from idp_bridge.core.devices import Device, Devices
from idp_bridge.core.kiosks import Kiosks
from idp_bridge.core.sign_ins import SignIn, SignIns
from idp_bridge.incoming import reader_from
from idp_bridge.web.language import translator
from idp_bridge.web.pages import STATIC
from idp_bridge.web.phone_approval import REALM, key_name
from idp_bridge.web.qr_requests import NO_STORE, said_in, text_of
from idp_bridge.web.requests import wants_page
from idp_bridge.web.surface import Surface, Visit

NOTICED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PhoneParts:
    """What the pages about a resident's phones are made of."""

    surface: Surface
    devices: Devices
    sign_ins: SignIns
    kiosks: Kiosks
    clock: Clock


def routes(parts: PhoneParts) -> list[BaseRoute]:
    """The routes of the resident origin that this module serves."""
    pages, route = PhonePages(parts), parts.surface.route
    return [
        Route("/sw.js", service_worker),
        Route("/offline", pages.offline),
        route("/phone", pages.show),
        route("/phone/devices", pages.devices),
        route("/phone/sign-ins", pages.sign_ins),
        route("/phone/notices", pages.notices),
        route("/phone/register", pages.register, ["POST"]),
        route("/phone/revoke", pages.revoke, ["POST"]),
        route("/phone/lost", pages.lost, ["POST"]),
        route("/phone/end", pages.end, ["POST"]),
        route("/phone/not-me", pages.not_me, ["POST"]),
    ]


class PhonePages:
    """Handlers: each reads the request, asks core and answers."""

    def __init__(self, parts: PhoneParts) -> None:
        self._parts = parts

    async def show(self, visit: Visit) -> Response:
        """Phones, sign-ins, and what to do about a lost or a new one."""
        parts, subject = self._parts, visit.session.subject
        devices = await parts.devices.of(REALM, subject)
        found = await parts.sign_ins.of(REALM, subject)
        data = {"key": key_name(subject), "devices": [device.id for device in devices]}
        return parts.surface.page(
            visit,
            "phone/phone.html",
            devices=devices,
            sign_ins=[(one, await self._kiosk_name(one)) for one in found],
            address=parts.surface.origin.partition("://")[2],
            fresh=parts.surface.login_path("/phone", way="", fresh="1"),
            page_data=data,
        )

    async def offline(self, request: Request) -> Response:
        """Kept by the service worker; it says nothing about anybody."""
        page = self._parts.surface.pages.render("phone/offline.html", reader_from(request))
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    async def devices(self, visit: Visit) -> Response:
        """The account's phones."""
        devices = await self._parts.devices.of(REALM, visit.session.subject)
        return JSONResponse({"devices": [_device(one) for one in devices]}, headers=NO_STORE)

    async def sign_ins(self, visit: Visit) -> Response:
        """The newest sign-ins by scan, newest first."""
        found = await self._parts.sign_ins.of(REALM, visit.session.subject)
        told = [_sign_in(one, await self._kiosk_name(one)) for one in found]
        return JSONResponse({"sign_ins": told}, headers=NO_STORE)

    async def notices(self, visit: Visit) -> Response:
        """Sign-ins of the last day that live still; the phone shows those it has not shown."""
        subject, say = visit.session.subject, translator(visit.reader.language)
        since = self._parts.clock() - NOTICED_FOR
        told = []
        for one in await self._parts.sign_ins.of(REALM, subject):
            if one.at >= since and one.ended is None:
                place = await self._kiosk_name(one) or _computer(one)
                told.append({"at": one.at.timestamp(), "text": say("phone.notice", place=place)})
        words = {"open": say("phone.place_not_me"), "close": say("phone.done_ok")}
        content = {"key": key_name(subject), "notices": told, "words": words}
        return JSONResponse(content, headers=NO_STORE)

    async def register(self, visit: Visit) -> Response:
        """Take the key that signed the proof as this phone's."""
        said, session = await said_in(visit.request), visit.session
        device = await self._parts.devices.register(
            realm=REALM,
            subject=session.subject,
            auth_time=session.auth_time,
            acr=session.acr,
            label=text_of(said, "label", 200).strip() or "手机",
            proof=visit.request.headers.get("dpop", ""),
            url=f"{self._parts.surface.origin}/phone/register",
        )
        return JSONResponse({"id": device.id}, 201, NO_STORE)

    async def revoke(self, visit: Visit) -> Response:
        """Forget one phone."""
        said = await said_in(visit.request)
        await self._parts.devices.revoke(
            realm=REALM, subject=visit.session.subject, device_id=text_of(said, "id", 64)
        )
        return _done(visit)

    async def lost(self, visit: Visit) -> Response:
        """Forget every phone and end every place that one of them signed in."""
        parts, subject = self._parts, visit.session.subject
        await parts.devices.revoke_all(REALM, subject)
        for sign_in in await parts.sign_ins.of(REALM, subject):
            if sign_in.ended is None:
                await parts.sign_ins.end(REALM, subject, sign_in.sid)
        return _done(visit)

    async def end(self, visit: Visit) -> Response:
        """End one sign-in everywhere (A3)."""
        sid = await _sid(visit)
        await self._parts.sign_ins.end(REALM, visit.session.subject, sid)
        return _done(visit)

    async def not_me(self, visit: Visit) -> Response:
        """End it, lock QR login for the account and tell the staff (A4)."""
        sid = await _sid(visit)
        await self._parts.sign_ins.not_me(REALM, visit.session.subject, sid)
        return _done(visit)

    async def _kiosk_name(self, sign_in: SignIn) -> str:
        if not sign_in.kiosk:
            return ""
        names = {kiosk.id: kiosk.name for kiosk in await self._parts.kiosks.all()}
        return names.get(sign_in.kiosk, sign_in.kiosk)


async def service_worker(request: Request) -> Response:
    """From the root, for a worker may only serve what lies below its own address."""
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(STATIC / "js" / "sw.js", media_type="text/javascript", headers=headers)


async def _sid(visit: Visit) -> str:
    said: Mapping[str, Any] = await said_in(visit.request)
    return text_of(said, "sid", 128)


def _done(visit: Visit) -> Response:
    if wants_page(visit.request):
        return RedirectResponse("/phone", 303, NO_STORE)
    return Response(status_code=204, headers=NO_STORE)


def _computer(sign_in: SignIn) -> str:
    return " · ".join(filter(None, (sign_in.browser, sign_in.system, sign_in.city))) or "?"


def _device(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "label": device.label,
        "registered": device.registered.timestamp(),
        "last_used": device.last_used.timestamp() if device.last_used else None,
    }


def _sign_in(sign_in: SignIn, kiosk: str) -> dict[str, object]:
    return {
        "sid": sign_in.sid,
        "at": sign_in.at.timestamp(),
        "browser": sign_in.browser,
        "system": sign_in.system,
        "city": sign_in.city,
        "network": sign_in.network,
        "kiosk": kiosk,
        "ended": sign_in.ended.timestamp() if sign_in.ended else None,
    }
