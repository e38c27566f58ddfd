"""The parts of one running bridge, made from the settings and wired to each other.

Everything that lives as long as the process is made here once; what the origins serve from these
parts is in ``origins``.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import structlog

from idp_bridge.core.activation import Activations
from idp_bridge.core.authorization import Authorizations
from idp_bridge.core.clients import Clients
from idp_bridge.core.clock import Clock, system_clock
from idp_bridge.core.devices import Devices
from idp_bridge.core.errors import Unavailable
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
from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.apps import KeycloakApps
from idp_bridge.keycloak.directory import KeycloakAccounts
from idp_bridge.keycloak.follower import Follower
from idp_bridge.keycloak.orgs import KeycloakOrgNames
from idp_bridge.keycloak.relying_party import KeycloakRelyingParty, Registration
from idp_bridge.oidc import HttpLogoutSender, KeySet, registered
from idp_bridge.settings import Settings
from idp_bridge.store.cities import MmdbCities, NoCities
from idp_bridge.store.database import Database
from idp_bridge.store.durable import DurableStore
from idp_bridge.store.records import SqlAudit, SqlDevices, SqlKiosks, SqlQrLocks, SqlSignIns
from idp_bridge.store.redis import RedisStore
from idp_bridge.store.sealing import AesSealer, derived_key

SWEEP_EVERY = timedelta(seconds=2)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Records:
    """What is kept in SQL."""

    devices: SqlDevices
    kiosks: SqlKiosks
    sign_ins: SqlSignIns
    locks: SqlQrLocks
    audit: SqlAudit


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One running bridge."""

    settings: Settings
    clock: Clock
    http: httpx.AsyncClient
    store: RedisStore
    database: Database
    durable: DurableStore
    records: Records
    sealer: AesSealer
    keys: KeySet
    apis: dict[str, AdminApi]
    accounts: KeycloakAccounts
    apps: KeycloakApps
    orgs: KeycloakOrgNames
    revocations: Revocations
    grants: Grants
    clients: Clients
    authorizations: Authorizations
    op_sessions: OpSessions
    logout: Logout
    limits: Limits
    rules: Rules
    devices: Devices
    kiosks: Kiosks
    activations: Activations
    sign_ins: SignIns
    qr_login: QrLogin
    qr_approval: QrApproval
    memory: Memory
    surroundings: Surroundings

    def relying_party(self, realm: str, client_id: str) -> RelyingParty:
        """The bridge as client ``client_id`` of Keycloak's ``realm``."""
        settings = self.settings
        registration = Registration(
            realm, client_id, settings.keycloak_url, settings.keycloak_internal_url
        )
        return KeycloakRelyingParty(
            registration, http=self.http, sign=self.keys.sign, store=self.store, clock=self.clock
        )

    async def open(self) -> None:
        """Make what tables are missing."""
        await self.database.open()

    async def close(self) -> None:
        """Give connections back."""
        await self.http.aclose()
        for api in self.apis.values():
            await api.close()
        await self.store.close()
        await self.database.close()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Open, with a follower for each realm and the sweeper running; closed at the end."""
        await self.open()
        tasks = [asyncio.create_task(follower.run()) for follower in self._followers()]
        tasks.append(asyncio.create_task(self._sweep()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()

    def _followers(self) -> list[Follower]:
        return [
            Follower(
                api,
                self.accounts,
                revocations=self.revocations,
                store=self.store,
                audit=self.records.audit,
                clock=self.clock,
            )
            for api in self.apis.values()
        ]

    async def _sweep(self) -> None:
        """End kiosk sessions that are over, also those begun before a restart (A2)."""
        while True:
            with suppress(Unavailable):
                await self.sign_ins.sweep()
            await asyncio.sleep(SWEEP_EVERY.total_seconds())


def make(settings: Settings, clock: Clock = system_clock) -> Parts:
    """Wire everything. Raises ``SettingsError`` for clients that could not be served safely."""
    http = httpx.AsyncClient(timeout=10, verify=_trust(settings))
    store = RedisStore(settings.redis_url.get_secret_value())
    database = Database(settings.database_url.get_secret_value())
    durable = DurableStore(database, clock)
    records = Records(
        SqlDevices(database),
        SqlKiosks(database),
        SqlSignIns(database),
        SqlQrLocks(database),
        SqlAudit(database),
    )
    secret_key = settings.secret_key.get_secret_value()
    keys = KeySet(settings.keys_folder, clock)
    revocations, grants = Revocations(store, clock), Grants(store, clock)
    apis = _apis(settings)
    accounts = KeycloakAccounts(apis, revocations)
    limits = Limits(store, clock)
    clients = registered(settings.clients)
    op_sessions = OpSessions(grants, revocations, clock)
    sender = HttpLogoutSender(http=http, keys=keys, issuer=settings.issuer, clock=clock)
    logout = Logout(op_sessions, clients, sender, accounts)
    rules = _rules(settings)
    authorizations = Authorizations(grants, clock)
    durable_grants = Grants(durable, clock)
    devices = Devices(records.devices, store, clock)
    kiosks = Kiosks(records.kiosks, durable_grants, store, clock)
    shared: dict[str, Any] = {
        "flows": Flows(store, rules),
        "rules": rules,
        "accounts": accounts,
        "locks": records.locks,
        "limits": limits,
        "audit": records.audit,
        "clock": clock,
    }
    return Parts(
        settings=settings,
        clock=clock,
        http=http,
        store=store,
        database=database,
        durable=durable,
        records=records,
        sealer=AesSealer(secret_key),
        keys=keys,
        apis=apis,
        accounts=accounts,
        apps=KeycloakApps(apis, store, revocations, clock),
        orgs=KeycloakOrgNames(apis, store),
        revocations=revocations,
        grants=grants,
        clients=clients,
        authorizations=authorizations,
        op_sessions=op_sessions,
        logout=logout,
        limits=limits,
        rules=rules,
        devices=devices,
        kiosks=kiosks,
        activations=Activations(durable_grants, accounts, records.audit, limits, clock),
        sign_ins=SignIns(records.sign_ins, records.locks, logout, records.audit, clock),
        qr_login=QrLogin(
            authorizations=authorizations,
            op_sessions=op_sessions,
            sign_ins=records.sign_ins,
            **shared,
        ),
        qr_approval=QrApproval(devices=devices, kiosks=kiosks, **shared),
        memory=Memory(
            derived_key(secret_key, "browser memory 1"), settings.qr.remember_browser, clock
        ),
        surroundings=_surroundings(settings),
    )


def _apis(settings: Settings) -> dict[str, AdminApi]:
    url = settings.keycloak_internal_url or settings.keycloak_url
    return {
        realm: AdminApi(url, realm, secret.get_secret_value(), ca_file=settings.ca_file)
        for realm, secret in settings.bridge_client_secrets.items()
    }


def _trust(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        context.load_verify_locations(settings.ca_file)
    return context


def _rules(settings: Settings) -> Rules:
    names = Rules.__dataclass_fields__
    return Rules(**{name: getattr(settings.qr, name) for name in names})


def _surroundings(settings: Settings) -> Surroundings:
    known = tuple(
        KnownNetwork(n.network, f"{n.zh} {n.en}", n.starts_per_minute, n.hosting)
        for n in settings.networks
    )
    cities = MmdbCities(settings.geo_database) if settings.geo_database else NoCities()
    return Surroundings(known, cities)
