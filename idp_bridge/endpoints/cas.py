"""The CAS 3.0 server: its addresses under ``/cas``, over the parts that answer them."""

from dataclasses import dataclass

from starlette.routing import BaseRoute, Route

from idp_bridge.core.cas import CasTickets, SessionsOf
from idp_bridge.core.cas_proxy import CasProxies
from idp_bridge.core.cas_services import PROTOCOL, CasServices
from idp_bridge.core.clock import Clock
from idp_bridge.core.pages import Pages
from idp_bridge.endpoints import cas_sign_out
from idp_bridge.endpoints.cas_login import CasLogin
from idp_bridge.endpoints.cas_sign_out import CasSignOut
from idp_bridge.endpoints.cas_validate import CasValidation
from idp_bridge.endpoints.entry import Entry


@dataclass(frozen=True, slots=True)
class CasEndpoints:
    """What the endpoints are made of."""

    issuer: str
    entry: Entry
    services: CasServices
    tickets: CasTickets
    proxies: CasProxies
    sessions: SessionsOf
    pages: Pages
    clock: Clock


def routes(parts: CasEndpoints) -> list[BaseRoute]:
    """Every address; apps are configured with ``<issuer>/cas``."""
    login = CasLogin(parts.entry, parts.services, parts.tickets, parts.pages, parts.clock)
    sign_out = CasSignOut(parts.entry, parts.services, parts.pages, parts.issuer)
    checks = CasValidation(parts.tickets, parts.proxies, parts.sessions, parts.issuer, parts.clock)
    parts.entry.on_arrival(PROTOCOL, login.arrive)
    parts.entry.on_arrival(cas_sign_out.PROTOCOL, sign_out.arrive)
    validations = [
        Route(
            f"/cas{version}/{name}",
            checks.service_validate(with_attributes=bool(version), proxied=proxied),
        )
        for version in ("", "/p3")
        for name, proxied in (("serviceValidate", False), ("proxyValidate", True))
    ]
    return [
        Route("/cas/login", login.login),
        Route("/cas/logout", sign_out.logout),
        Route("/cas/signed-out", sign_out.signed_out),
        Route("/cas/validate", checks.validate),
        Route("/cas/samlValidate", checks.saml_validate, methods=["POST"]),
        Route("/cas/proxy", checks.proxy),
        *validations,
    ]
