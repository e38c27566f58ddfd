"""At the counter: find the resident, check who is there, hand out a one-time activation code."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.activation import LIFE, REALM, Activations
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidRequest, NotFound
from idp_bridge.core.limits import Limits
from idp_bridge.web.admin import activators_only, admin_page
from idp_bridge.web.qr_drawing import path_of
from idp_bridge.web.surface import Surface, Visit

# A counter serves one resident at a time: more than this is somebody working through a list.
CODES_PER_HOUR = 30


@dataclass(frozen=True, slots=True)
class ActivationDesk:
    """Two steps, so that the name is compared with the identity card before the code exists."""

    surface: Surface
    activations: Activations
    accounts: Accounts
    limits: Limits
    clock: Clock
    resident_url: str

    def routes(self) -> list[BaseRoute]:
        """``/activation``, then ``find``, then ``issue``."""
        route = self.surface.route
        return [
            route("/activation", activators_only(self.ask)),
            route("/activation/find", activators_only(self.find), ["POST"]),
            route("/activation/issue", activators_only(self.issue), ["POST"]),
        ]

    async def ask(self, visit: Visit) -> Response:
        """Whose account it is."""
        return admin_page(self.surface, visit, "activation", username="", wrong="")

    async def find(self, visit: Visit) -> Response:
        """The account, to be compared with the person and the identity card."""
        username = str((await visit.form()).get("username", "")).strip()
        account = await self.accounts.find_by_username(REALM, username) if username else None
        if account is None or not account.enabled or account.is_administrator:
            wrong = "refused" if account is not None else "unknown"
            return admin_page(
                self.surface, visit, "activation", 404, username=username, wrong=wrong
            )
        has_credential = await self.accounts.has_credential(REALM, account.subject)
        return admin_page(
            self.surface, visit, "activation_check", account=account, active=has_credential
        )

    async def issue(self, visit: Visit) -> Response:
        """The code, shown this once."""
        form = await visit.form()
        subject = str(form.get("subject", ""))
        if form.get("checked") != "yes":
            raise InvalidRequest("the identity was not checked")
        account = await self.accounts.find(REALM, subject)
        if account is None:
            raise NotFound("no such resident")
        actor = visit.session.subject
        await self.limits.spend(f"activation-issue:{actor}", CODES_PER_HOUR, timedelta(hours=1))
        code = await self.activations.issue(subject=subject, actor=actor)
        link = f"{self.resident_url}/login?next=/phone&way=activation#activation={quote(code)}"
        return admin_page(
            self.surface,
            visit,
            "activation_code",
            account=account,
            code=code,
            until=self.clock() + LIFE,
            drawing=path_of(link),
            portal=self.resident_url,
        )
