"""What each origin serves: routes of the edges over the parts of one bridge."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from idp_bridge.app import rights
from idp_bridge.app.http import Front, Origin
from idp_bridge.app.parts import Parts
from idp_bridge.core.cas import CasParts, CasTickets
from idp_bridge.core.cas_proxy import CasProxies
from idp_bridge.core.cas_services import CasServices
from idp_bridge.core.errors import BridgeError, InvalidRequest, NotFound
from idp_bridge.core.health import Health
from idp_bridge.core.pages import Pages
from idp_bridge.core.ticket_apps import TicketApps
from idp_bridge.core.tickets import TicketParts, Tickets
from idp_bridge.endpoints import cas
from idp_bridge.endpoints.cas_logout import CasCallback
from idp_bridge.endpoints.entry import Entry, EntryParts
from idp_bridge.endpoints.sector import sector_route
from idp_bridge.endpoints.ticket import TicketEndpoints
from idp_bridge.keycloak.introductions import KeycloakIntroductions
from idp_bridge.oidc import Provider, build
from idp_bridge.oidc.client_auth import ClientAuthentication
from idp_bridge.oidc.client_keys import ClientKeys
from idp_bridge.store.admissions import SqlAdmissions
from idp_bridge.web import activation, kiosk, phone, phone_approval, qr, reading
from idp_bridge.web.access_requests import AccessPages
from idp_bridge.web.admin import AdminPages
from idp_bridge.web.admin_activation import ActivationDesk
from idp_bridge.web.admin_apps import AppsDesk
from idp_bridge.web.admin_kiosks import KioskDesk
from idp_bridge.web.admin_requests import RequestsDesk
from idp_bridge.web.admin_tickets import TicketsDesk
from idp_bridge.web.admin_why import WhyDesk
from idp_bridge.web.errors import error_response
from idp_bridge.web.pages import WebPages
from idp_bridge.web.portal import Portal
from idp_bridge.web.sessions_page import SessionsPage
from idp_bridge.web.surface import Surface

log = structlog.get_logger()

_NOTHING = "camera=(), geolocation=(), microphone=()"
_MAY = {
    "op": f"{_NOTHING}, idle-detection=(self)",
    "resident": "camera=(self), geolocation=(self), microphone=()",
}


def front(parts: Parts) -> Front:
    """The whole bridge as one ASGI application."""
    settings = parts.settings
    keycloak = "{0.scheme}://{0.netloc}".format(urlsplit(settings.keycloak_url))
    pages = {name: WebPages(name) for name in ("op", "resident", "worker", "admin")}
    served = (
        ("op", settings.issuer, _op(parts, pages["op"])),
        ("resident", settings.resident_url, _resident(parts, pages["resident"])),
        ("worker", settings.worker_url, _worker(parts, pages["worker"])),
        ("admin", settings.admin_url, _admin(parts, pages["admin"])),
    )
    origins = tuple(
        Origin(
            name,
            url,
            application(routes, pages[name]),
            form_targets=(keycloak,),
            permissions=_MAY.get(name, _NOTHING),
            opened_by_kiosk=name in ("op", "resident"),
        )
        for name, url, routes in served
    )
    return Front(origins, settings.trusted_proxies)


def _op(parts: Parts, pages: Pages) -> list[BaseRoute]:
    provider = Provider(
        issuer=parts.settings.issuer,
        clients=parts.clients,
        client_authentication=ClientAuthentication(
            issuer=parts.settings.issuer,
            clients=parts.clients,
            keys=ClientKeys(parts.http, parts.clock),
            store=parts.stores.redis,
            clock=parts.clock,
        ),
        keys=parts.keys,
        authorizations=parts.authorizations,
        sessions=parts.op_sessions,
        logout=parts.logout,
        grants=parts.grants,
        revocations=parts.revocations,
        accounts=parts.accounts,
        pages=pages,
        clock=parts.clock,
        sign_in_at={realm: parts.relying_party(realm, "bridge-sign-in") for realm in parts.apis},
    )
    return [
        *build(provider),
        *_waiting(parts, pages),
        *_activation(parts, pages),
        *_kiosk(parts, pages),
        *_apps(parts, pages),
    ]


def _apps(parts: Parts, pages: Pages) -> list[BaseRoute]:
    """Apps that do not speak OpenID Connect or SAML: each protocol is given the one entry."""
    entry = Entry(EntryParts(parts.settings.issuer, parts.doors, pages, parts.app_logout))
    return [
        sector_route(),
        *entry.routes(),
        *_cas(parts, pages, entry),
        *_tickets(parts, pages, entry),
    ]


def _cas(parts: Parts, pages: Pages, entry: Entry) -> list[BaseRoute]:
    services = CasServices(parts.doors, parts.settings.issuer)
    tools = CasParts(
        grants=parts.grants,
        services=services,
        sessions=entry.sessions,
        introductions=KeycloakIntroductions(parts.apis),
        visits=parts.visits,
        sealer=parts.sealer,
        trail=parts.ticket_trail,
        clock=parts.clock,
    )
    tickets = CasTickets(tools)
    return cas.routes(
        cas.CasEndpoints(
            issuer=parts.settings.issuer,
            entry=entry,
            services=services,
            tickets=tickets,
            proxies=CasProxies(tools, tickets, CasCallback(parts.outbound)),
            sessions=entry.sessions,
            pages=pages,
            clock=parts.clock,
        )
    )


def _tickets(parts: Parts, pages: Pages, entry: Entry) -> list[BaseRoute]:
    apps = TicketApps(parts.doors, parts.settings.issuer)
    tools = TicketParts(
        issuer=parts.settings.issuer,
        apps=apps,
        grants=parts.grants,
        sessions=entry.sessions,
        signer=parts.ticket_signer,
        visits=parts.visits,
        sealer=parts.sealer,
        trail=parts.ticket_trail,
        clock=parts.clock,
    )
    return TicketEndpoints(parts.settings.issuer, entry, apps, Tickets(tools), pages).routes()


def _waiting(parts: Parts, pages: Pages) -> list[BaseRoute]:
    waiting = qr.QrParts(
        settings=parts.settings,
        pages=pages,
        login=parts.qr_login,
        moves=parts.stores.moves,
        rules=parts.rules,
        authorizations=parts.authorizations,
        clients=parts.clients,
        apps=parts.apps,
        kiosks=parts.kiosks,
        memory=parts.memory,
        surroundings=parts.surroundings,
        clock=parts.clock,
    )
    return list(qr.routes(waiting))


def _activation(parts: Parts, pages: Pages) -> list[BaseRoute]:
    return activation.routes(
        activation.ActivationParts(
            parts.settings,
            pages,
            parts.activations,
            parts.authorizations,
            parts.op_sessions,
            parts.surroundings,
            parts.clock,
        )
    )


def _kiosk(parts: Parts, pages: Pages) -> list[BaseRoute]:
    return kiosk.routes(
        kiosk.KioskParts(parts.settings, pages, parts.kiosks, parts.op_sessions, parts.logout)
    )


def _resident(parts: Parts, pages: Pages) -> list[BaseRoute]:
    surface = _surface(parts, pages, "resident", "residents", "resident-portal")
    return [
        *_portal(parts, surface),
        *phone.routes(
            phone.PhoneParts(surface, parts.devices, parts.sign_ins, parts.kiosks, parts.clock)
        ),
        *phone_approval.routes(
            phone_approval.PhoneApprovalParts(
                surface, pages, parts.qr_approval, parts.devices, parts.surroundings
            )
        ),
    ]


def _worker(parts: Parts, pages: Pages) -> list[BaseRoute]:
    surface = _surface(parts, pages, "worker", "workers", "worker-portal")
    access = AccessPages(
        surface,
        rights.requests(parts),
        rights.role_ends(parts),
        parts.apps,
        parts.accounts,
        parts.clock,
    )
    return [*_portal(parts, surface, access), *access.routes()]


def _admin(parts: Parts, pages: Pages) -> list[BaseRoute]:
    surface = _surface(parts, pages, "admin", "workers", "bridge-admin-pages", least_acr="mfa")
    settings, clock, audit = parts.settings, parts.clock, parts.stores.audit
    health = Health(parts.stores.redis, parts.accounts, parts.revocations, tuple(parts.apis))
    start = AdminPages(surface, health, audit, parts.accounts, parts.stores.locks, clock)
    counter = ActivationDesk(
        surface, parts.activations, parts.accounts, parts.limits, clock, settings.resident_url
    )
    kiosks = KioskDesk(surface, parts.kiosks, audit, clock, settings.issuer)
    tickets = TicketsDesk(surface, parts.ticket_trail, parts.apps, parts.accounts)
    desks = (start, counter, kiosks, tickets, *_rights_desks(parts, surface))
    return [*surface.routes(), *(route for desk in desks for route in desk.routes())]


def _rights_desks(parts: Parts, surface: Surface) -> tuple[AppsDesk, RequestsDesk, WhyDesk]:
    requests, ends = rights.requests(parts), rights.role_ends(parts)
    return (
        AppsDesk(
            surface,
            parts.apps,
            rights.app_desk(parts),
            parts.stores.outbox,
            SqlAdmissions(parts.stores.database),
        ),
        RequestsDesk(surface, requests, ends, parts.apps, parts.accounts, parts.clock),
        WhyDesk(surface, rights.why(parts), rights.what_if(parts), parts.apps),
    )


def _portal(parts: Parts, surface: Surface, access: AccessPages | None = None) -> list[BaseRoute]:
    news = access.news if access else None
    portal = Portal(surface, parts.apps, parts.orgs, parts.settings.admin_url, news)
    sessions = SessionsPage(surface, parts.accounts, parts.apps, parts.sign_ins, parts.revocations)
    return [*surface.routes(), *portal.routes(), *sessions.routes()]


def _surface(
    parts: Parts, pages: Pages, name: str, realm: str, client_id: str, least_acr: str = ""
) -> Surface:
    origin = getattr(parts.settings, f"{name}_url")
    sessions = parts.client_sessions(realm, client_id, f"{origin}/callback")
    asked = {"acr_values": least_acr} if least_acr else {}
    return Surface(name, origin, pages, sessions, least_acr=least_acr, sign_in_with=asked)


def application(routes: Sequence[BaseRoute], pages: Pages) -> Starlette:
    """Routes with what all pages need: files, the switches for reading, and errors in words."""

    async def told(request: Request, error: Exception) -> Response:
        assert isinstance(error, BridgeError)
        log.info("refused", error=error.code, reason=str(error), path=request.url.path)
        return error_response(pages, request, error, request.state.request_id)

    async def routed(request: Request, error: Exception) -> Response:
        missing = isinstance(error, HTTPException) and error.status_code == 404
        kind = NotFound("no route") if missing else InvalidRequest("method or form")
        return await told(request, kind)

    async def broke(request: Request, error: Exception) -> Response:
        log.error("broke", path=request.url.path, exc_info=error)
        return error_response(pages, request, BridgeError(), request.state.request_id)

    return Starlette(
        routes=[*routes, *reading.routes()],
        exception_handlers={BridgeError: told, HTTPException: routed, Exception: broke},
    )
