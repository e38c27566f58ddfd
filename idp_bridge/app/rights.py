"""Rights over the parts of a bridge: explained, foreseen, asked for, and ended when they end."""

import asyncio
from typing import TYPE_CHECKING, NoReturn

import structlog

from idp_bridge.core.app_settings import AppDesk
from idp_bridge.core.errors import BridgeError
from idp_bridge.core.requests_desk import AccessRequests
from idp_bridge.core.role_ends import SWEEP_EVERY, RoleEnds
from idp_bridge.core.what_if import WhatIf
from idp_bridge.core.why import Why
from idp_bridge.keycloak.app_clients import KeycloakAppClients
from idp_bridge.keycloak.app_roles import KeycloakAppRoles
from idp_bridge.keycloak.effective import effective
from idp_bridge.keycloak.explain import KeycloakChains
from idp_bridge.store.requests import SqlRequests, SqlRoleEnds

if TYPE_CHECKING:
    from idp_bridge.app.parts import Parts

# Only workers ask for apps: a resident's apps come with being a resident.
_ASKING = "workers"

log = structlog.get_logger()


def why(parts: "Parts") -> Why:
    """Explains why a person can or cannot enter an app."""
    return Why(
        parts.apps,
        KeycloakChains(parts.apis, parts.accounts),
        parts.accounts,
        SqlRequests(parts.stores.database),
    )


def what_if(parts: "Parts") -> WhatIf:
    """Says who would gain and lose what."""
    return WhatIf(parts.apps, parts.accounts, lambda realm: effective(parts.apis[realm]))


def role_ends(parts: "Parts") -> RoleEnds:
    """Roles that end by themselves."""
    return RoleEnds(
        SqlRoleEnds(parts.stores.database),
        KeycloakAppRoles(parts.apis),
        parts.accounts,
        parts.stores.audit,
        parts.clock,
    )


def requests(parts: "Parts") -> AccessRequests:
    """Workers' requests for apps."""
    return AccessRequests(
        SqlRequests(parts.stores.database),
        parts.apps,
        parts.accounts,
        KeycloakAppRoles(parts.apis),
        ends=role_ends(parts),
        limits=parts.limits,
        audit=parts.stores.audit,
        clock=parts.clock,
    )


def app_desk(parts: "Parts") -> AppDesk:
    """Changes apps from the admin page."""
    clients = KeycloakAppClients(parts.apis)
    return AppDesk(parts.apps, parts.accounts, clients, parts.stores.audit, parts.clock)


async def sweep_rights(parts: "Parts") -> NoReturn:
    """End roles at their end and finish what was approved, until cancelled."""
    ends, desk = role_ends(parts), requests(parts)
    while True:
        try:
            await ends.sweep()
            await desk.finish(_ASKING)
        except BridgeError as error:
            log.warning("rights_not_swept", reason=str(error))
        await asyncio.sleep(SWEEP_EVERY.total_seconds())
