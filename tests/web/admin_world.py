"""The admin pages as the bridge wires them, over a hand-written Keycloak."""

from idp_bridge.core.accounts import Account
from idp_bridge.core.activation import Activations
from idp_bridge.core.health import Health
from idp_bridge.core.kiosks import Kiosks
from idp_bridge.core.limits import Limits
from idp_bridge.core.ticket_trail import TicketTrail
from idp_bridge.web import reading
from idp_bridge.web.admin import AdminPages
from idp_bridge.web.admin_activation import ActivationDesk
from idp_bridge.web.admin_kiosks import KioskDesk
from idp_bridge.web.admin_tickets import TicketsDesk
from idp_bridge.web.surface import Surface
from tests.fakes import FakeAccounts, MemoryKiosks, MemoryQrLocks
from tests.web.portal_world import Person, PortalWorld


class AdminWorld(PortalWorld):
    """The admin origin; ``admin`` administers, ``chen`` is staff at a counter."""

    def __init__(self, origin: str = "") -> None:
        super().__init__("admin", "workers", origin)
        self.accounts = FakeAccounts(
            Account("residents", "zhang", "zhangwei", "张伟", enabled=True),
            Account("residents", "gone", "disabled", "李明", enabled=False),
            Account("workers", "admin", "admin-he", "何敏", enabled=True),
        )
        self.locks = MemoryQrLocks()
        self.limits = Limits(self.store, self.clock)
        self.kiosks = Kiosks(MemoryKiosks(), self.grants, self.store, self.clock)
        self.activations = Activations(
            self.grants, self.accounts, self.audit, self.limits, self.clock
        )
        self.trail = TicketTrail(self.store, self.audit, self.clock)
        self.keycloak.person = Person("admin", "何敏", ["bridge-admin"], acr="mfa")
        self.surface = Surface(
            "admin",
            self.origin,
            self.pages,
            self.sessions,
            least_acr="mfa",
            sign_in_with={"acr_values": "mfa"},
        )
        health = Health(self.store, self.accounts, self.revocations, ("residents", "workers"))
        self.routes = [
            *self.surface.routes(),
            *AdminPages(
                self.surface, health, self.audit, self.accounts, self.locks, self.clock
            ).routes(),
            *ActivationDesk(
                self.surface,
                self.activations,
                self.accounts,
                self.limits,
                self.clock,
                "https://resident.test",
            ).routes(),
            *KioskDesk(
                self.surface, self.kiosks, self.audit, self.clock, "https://op.test"
            ).routes(),
            *TicketsDesk(self.surface, self.trail, self.apps, self.accounts).routes(),
            *reading.routes(),
        ]

    def counter(self) -> None:
        """From now on whoever signs in is staff with a post."""
        self.keycloak.person = Person(
            "chen", "陈静", ["staff"], groups=["/baoan/xixiang/staff"], acr="mfa"
        )
