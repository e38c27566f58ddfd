"""Kiosks on the admin pages: register one, see all, switch one off."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidRequest
from idp_bridge.core.geo import Position
from idp_bridge.core.kiosks import ENROLMENT_LIFE, Kiosks
from idp_bridge.web.admin import admin_page, administrators_only
from idp_bridge.web.surface import Surface, Visit


@dataclass(frozen=True, slots=True)
class KioskDesk:
    """The list, and its two actions."""

    surface: Surface
    kiosks: Kiosks
    audit: Audit
    clock: Clock
    issuer: str

    def routes(self) -> list[BaseRoute]:
        """``/kiosks`` and what can be done there."""
        route = self.surface.route
        return [
            route("/kiosks", administrators_only(self.show)),
            route("/kiosks/announce", administrators_only(self.announce), ["POST"]),
            route("/kiosks/revoke", administrators_only(self.revoke), ["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        """Every kiosk, those in use first."""
        held = await self.kiosks.all()
        rows = sorted(held, key=lambda k: (k.revoked is not None, -k.created.timestamp()))
        done = visit.request.query_params.get("done") == "1"
        return admin_page(self.surface, visit, "kiosks", kiosks=rows, done=done)

    async def announce(self, visit: Visit) -> Response:
        """Register a kiosk; its enrolment code is shown this once."""
        form = await visit.form()
        kiosk, code = await self.kiosks.announce(
            name=str(form.get("name", "")),
            address=str(form.get("address", "")),
            position=_position(form),
        )
        await self._record("kiosk_announced", kiosk.id, visit)
        return admin_page(
            self.surface,
            visit,
            "kiosk_code",
            kiosk=kiosk,
            code=code,
            until=self.clock() + ENROLMENT_LIFE,
            page=f"{self.issuer}/kiosk",
        )

    async def revoke(self, visit: Visit) -> Response:
        """From now on the kiosk starts nothing."""
        kiosk = await self.kiosks.revoke(str((await visit.form()).get("id", "")))
        await self._record("kiosk_revoked", kiosk.id, visit)
        return RedirectResponse("/kiosks?done=1", 303)

    async def _record(self, name: str, kiosk_id: str, visit: Visit) -> None:
        event = AuditEvent(self.clock(), name, actor=visit.session.subject, device=kiosk_id)
        await self.audit.record(event)


def _position(form: FormData) -> Position:
    try:
        latitude, longitude = (float(str(form.get(n, ""))) for n in ("latitude", "longitude"))
        datum = str(form.get("datum", ""))
        if datum not in ("WGS-84", "GCJ-02"):
            raise ValueError("unknown datum")
        return Position(latitude, longitude, "GCJ-02" if datum == "GCJ-02" else "WGS-84")
    except ValueError as error:
        raise InvalidRequest("a kiosk has a position with its datum") from error
