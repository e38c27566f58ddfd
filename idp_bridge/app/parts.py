"""The parts of one running bridge, made from the settings and wired to each other.

Each part is made once, when somebody first needs it; what the origins serve from these parts is in
``origins``.
"""

import ssl
from functools import cached_property

import httpx

from idp_bridge.app.stores import Stores
from idp_bridge.core.activation import Activations
from idp_bridge.core.app_logout import AppLogout, Teller
from idp_bridge.core.authorization import Authorizations
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.clients import Clients
from idp_bridge.core.clock import Clock, system_clock
from idp_bridge.core.devices import Devices
from idp_bridge.core.doors import Doors
from idp_bridge.core.grants import Grants
from idp_bridge.core.kiosks import Kiosks
from idp_bridge.core.limits import Limits
from idp_bridge.core.logout import Logout
from idp_bridge.core.memory import Memory
from idp_bridge.core.op_sessions import OpSessions
from idp_bridge.core.qr_approval import QrApproval
from idp_bridge.core.qr_flow import Flows, Rules
from idp_bridge.core.qr_login import QrLogin
from idp_bridge.core.relying_party import RelyingParty
from idp_bridge.core.revocations import Revocations
from idp_bridge.core.sign_ins import SignIns
from idp_bridge.core.surroundings import KnownNetwork, Surroundings
from idp_bridge.core.ticket_trail import TicketTrail
from idp_bridge.core.visits import Visits
from idp_bridge.endpoints.cas_logout import CasTeller
from idp_bridge.endpoints.outbound import Outbound
from idp_bridge.endpoints.ticket_tokens import TicketSigner, TicketTeller
from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.apps import KeycloakApps
from idp_bridge.keycloak.directory import KeycloakAccounts
from idp_bridge.keycloak.orgs import KeycloakOrgNames
from idp_bridge.keycloak.relying_party import KeycloakRelyingParty, Registration
from idp_bridge.oidc import HttpLogoutSender, KeySet, registered
from idp_bridge.settings import Settings
from idp_bridge.store.cities import MmdbCities, NoCities
from idp_bridge.store.sealing import AesSealer, derived_key


class Parts:
    """One running bridge."""

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        self.settings = settings
        self.clock = clock
        self.stores = Stores(settings, clock)
        self.http = httpx.AsyncClient(timeout=10, verify=trust(settings))
        self.keys = KeySet(settings.keys_folder, clock)
        self.apis = _apis(settings)
        self.rules = _rules(settings)

    @cached_property
    def grants(self) -> Grants:
        return Grants(self.stores.redis, self.clock)

    @cached_property
    def durable_grants(self) -> Grants:
        return Grants(self.stores.durable, self.clock)

    @cached_property
    def revocations(self) -> Revocations:
        return Revocations(self.stores.redis, self.clock, self.stores.marks)

    @cached_property
    def limits(self) -> Limits:
        return Limits(self.stores.redis, self.clock)

    @cached_property
    def sealer(self) -> AesSealer:
        return AesSealer(self.settings.secret_key.get_secret_value())

    @cached_property
    def memory(self) -> Memory:
        key = derived_key(self.settings.secret_key.get_secret_value(), "browser memory 1")
        return Memory(key, self.settings.qr.remember_browser, self.clock)

    @cached_property
    def accounts(self) -> KeycloakAccounts:
        return KeycloakAccounts(self.apis, self.revocations)

    @cached_property
    def apps(self) -> KeycloakApps:
        return KeycloakApps(self.apis, self.stores.redis, self.revocations, self.clock, self.sealer)

    @cached_property
    def orgs(self) -> KeycloakOrgNames:
        return KeycloakOrgNames(self.apis, self.stores.redis)

    @cached_property
    def clients(self) -> Clients:
        """Raises ``SettingsError`` for clients that could not be served safely."""
        return registered(self.settings.clients)

    @cached_property
    def authorizations(self) -> Authorizations:
        return Authorizations(self.grants, self.clock)

    @cached_property
    def op_sessions(self) -> OpSessions:
        return OpSessions(self.grants, self.revocations, self.clock)

    @cached_property
    def logout(self) -> Logout:
        sender = HttpLogoutSender(
            http=self.http, keys=self.keys, issuer=self.settings.issuer, clock=self.clock
        )
        return Logout(self.op_sessions, self.clients, sender, self.accounts)

    @cached_property
    def devices(self) -> Devices:
        return Devices(self.stores.devices, self.stores.redis, self.clock)

    @cached_property
    def kiosks(self) -> Kiosks:
        return Kiosks(self.stores.kiosks, self.durable_grants, self.stores.redis, self.clock)

    @cached_property
    def activations(self) -> Activations:
        return Activations(
            self.durable_grants, self.accounts, self.stores.audit, self.limits, self.clock
        )

    @cached_property
    def sign_ins(self) -> SignIns:
        stores = self.stores
        return SignIns(stores.sign_ins, stores.locks, self.logout, stores.audit, self.clock)

    @cached_property
    def flows(self) -> Flows:
        return Flows(self.stores.redis, self.rules, self.stores.moves)

    @cached_property
    def qr_login(self) -> QrLogin:
        return QrLogin(
            flows=self.flows,
            rules=self.rules,
            authorizations=self.authorizations,
            op_sessions=self.op_sessions,
            accounts=self.accounts,
            locks=self.stores.locks,
            sign_ins=self.stores.sign_ins,
            limits=self.limits,
            audit=self.stores.audit,
            clock=self.clock,
        )

    @cached_property
    def qr_approval(self) -> QrApproval:
        return QrApproval(
            flows=self.flows,
            rules=self.rules,
            accounts=self.accounts,
            devices=self.devices,
            kiosks=self.kiosks,
            locks=self.stores.locks,
            limits=self.limits,
            audit=self.stores.audit,
            clock=self.clock,
        )

    @cached_property
    def doors(self) -> Doors:
        return Doors(self.apps, self.apis, self.client_sessions)

    @cached_property
    def visits(self) -> Visits:
        return Visits(self.stores.redis)

    @cached_property
    def app_logout(self) -> AppLogout:
        return AppLogout(self.visits, self.stores.outbox, self.tellers, self.clock)

    @cached_property
    def tellers(self) -> dict[str, Teller]:
        """How apps are told of the end of a session, by protocol."""
        tickets = TicketTeller(
            self.settings.issuer, self.doors, self.ticket_signer, self.outbound, self.clock
        )
        return {"cas": CasTeller(self.outbound, self.clock), "ticket": tickets}

    @cached_property
    def ticket_signer(self) -> TicketSigner:
        return TicketSigner(self.keys.sign)

    @cached_property
    def outbound(self) -> Outbound:
        return Outbound(trust(self.settings), self.settings.reachable_networks)

    @cached_property
    def ticket_trail(self) -> TicketTrail:
        return TicketTrail(self.stores.redis, self.stores.audit, self.clock)

    @cached_property
    def surroundings(self) -> Surroundings:
        known = tuple(
            KnownNetwork(n.network, f"{n.zh} {n.en}", n.starts_per_minute, n.hosting)
            for n in self.settings.networks
        )
        table = self.settings.geo_database
        return Surroundings(known, MmdbCities(table) if table else NoCities())

    def relying_party(self, realm: str, client_id: str) -> RelyingParty:
        """The bridge as client ``client_id`` of Keycloak's ``realm``."""
        settings = self.settings
        return KeycloakRelyingParty(
            Registration(realm, client_id, settings.keycloak_url, settings.keycloak_internal_url),
            http=self.http,
            sign=self.keys.sign,
            store=self.stores.redis,
            clock=self.clock,
        )

    def client_sessions(self, realm: str, client_id: str, redirect_uri: str) -> ClientSessions:
        """Sessions of one client of Keycloak's that come back to ``redirect_uri``."""
        return ClientSessions(
            self.relying_party(realm, client_id),
            redirect_uri,
            grants=self.grants,
            store=self.stores.redis,
            revocations=self.revocations,
            sealer=self.sealer,
            clock=self.clock,
        )

    async def open(self) -> None:
        """Make what tables are missing."""
        await self.stores.database.open()

    async def close(self) -> None:
        """Give connections back."""
        await self.http.aclose()
        await self.outbound.close()
        for api in self.apis.values():
            await api.close()
        await self.stores.redis.close()
        await self.stores.moves.close()
        await self.stores.marks.close()
        await self.stores.database.close()


def _apis(settings: Settings) -> dict[str, AdminApi]:
    url = settings.keycloak_internal_url or settings.keycloak_url
    return {
        realm: AdminApi(url, realm, secret.get_secret_value(), ca_file=settings.ca_file)
        for realm, secret in settings.bridge_client_secrets.items()
    }


def trust(settings: Settings) -> ssl.SSLContext:
    """What servers are verified with."""
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        context.load_verify_locations(settings.ca_file)
    return context


def _rules(settings: Settings) -> Rules:
    names = Rules.__dataclass_fields__
    return Rules(**{name: getattr(settings.qr, name) for name in names})
