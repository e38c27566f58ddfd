"""The apps of a realm: its clients with ``bridge.app``, read once for every copy of the bridge.

What was read is kept in the store and relied on only while ``Revocations`` says that the realm has
not changed since; otherwise it is read again. It is kept sealed: what is set about an app may hold
the secret that its tickets are signed with, and says where people may be sent.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from idp_bridge.core.apps import App
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidGrant
from idp_bridge.core.revocations import RIGHTS_LIVE, Revocations
from idp_bridge.core.sealing import Sealer
from idp_bridge.core.store import Store
from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.twins import CLOSING

_LANGUAGES = ("zh", "en")
# Of OpenID Connect, then of SAML.
_LOGOUT_URLS = (
    "backchannel.logout.url",
    "saml_single_logout_service_url_soap",
    "saml_single_logout_service_url_redirect",
    "saml_single_logout_service_url_post",
)
_AT_ONCE = 8


class KeycloakApps:
    """``Apps`` over the Admin API of each realm."""

    def __init__(
        self,
        apis: Mapping[str, AdminApi],
        store: Store,
        revocations: Revocations,
        clock: Clock,
        sealer: Sealer,
    ) -> None:
        self._apis = apis
        self._store = store
        self._revocations = revocations
        self._clock = clock
        self._sealer = sealer
        self._reading = {realm: asyncio.Lock() for realm in apis}

    async def of(self, realm: str) -> tuple[App, ...]:
        kept = await self._kept(realm)
        if kept is None:
            async with self._reading[realm]:
                # Whoever waited here finds what the one before has just read.
                kept = await self._kept(realm)
                if kept is None:
                    kept = await self._read(realm)
        return kept

    async def _kept(self, realm: str) -> tuple[App, ...] | None:
        value = await self._store.get(_key(realm))
        if value is None:
            return None
        try:
            kept = json.loads(self._sealer.unseal(value.decode(), _key(realm)))
        except InvalidGrant:
            return None
        read_at = datetime.fromtimestamp(kept["read_at"], UTC)
        if not await self._revocations.realm_is_fresh(realm, read_at):
            return None
        return tuple(_decode(app) for app in kept["apps"])

    async def _read(self, realm: str) -> tuple[App, ...]:
        # Taken before the question, so that a change while reading makes the answer stale.
        read_at = self._clock()
        clients = await self._apis[realm].list("clients")
        limit = asyncio.Semaphore(_AT_ONCE)
        registered = [
            client for client in clients if _attributes(client).get("bridge.app") == "true"
        ]
        apps = await asyncio.gather(*(self._app(realm, client, limit) for client in registered))
        apps.sort(key=lambda app: app.client_id)
        value = {"read_at": read_at.timestamp(), "apps": [_encode(app) for app in apps]}
        sealed = self._sealer.seal(json.dumps(value).encode(), _key(realm))
        await self._store.put(_key(realm), sealed.encode(), RIGHTS_LIVE)
        return tuple(apps)

    async def _app(self, realm: str, client: Mapping[str, Any], limit: asyncio.Semaphore) -> App:
        async with limit:
            path = f"clients/{client['id']}/roles"
            roles = await self._apis[realm].list(path, briefRepresentation="false")
        said = _attributes(client)
        return App(
            realm=realm,
            client_id=client["clientId"],
            names=_by_language(said, "bridge.name", client["clientId"]),
            group=said.get("bridge.group", ""),
            url=said.get("bridge.url", ""),
            protocol=said.get("bridge.protocol", ""),
            icon=said.get("bridge.icon", ""),
            # Keycloak alone may still call one that is being closed (``suspension``).
            enabled=client.get("enabled") is True and said.get(CLOSING) != "true",
            roles=frozenset(role["name"] for role in roles),
            role_names={role["name"]: _role_names(role) for role in roles},
            redirect_uris=tuple(client.get("redirectUris") or ()),
            minimum_acr=said.get("minimum.acr.value", ""),
            logout_url=next((said[name] for name in _LOGOUT_URLS if said.get(name)), ""),
            state=said.get("bridge.state", "draft"),
            subject=said.get("bridge.subject", "sub"),
            owner=said.get("bridge.owner", ""),
            contact=said.get("bridge.contact", ""),
            requestable=said.get("bridge.requestable") == "true",
            settings=_settings(said.get("bridge.settings", "")),
        )


def _settings(text: str) -> dict[str, Any]:
    """What cannot be read is nothing: the endpoint then misses what it needs, and refuses."""
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _key(realm: str) -> str:
    return f"apps:{realm}"


def _attributes(client: Mapping[str, Any]) -> Mapping[str, str]:
    attributes: Mapping[str, str] = client.get("attributes") or {}
    return attributes


def _by_language(said: Mapping[str, str], name: str, otherwise: str) -> dict[str, str]:
    return {language: said.get(f"{name}.{language}") or otherwise for language in _LANGUAGES}


def _role_names(role: Mapping[str, Any]) -> dict[str, str]:
    """Names by language: attributes of a role are lists."""
    said = {key: values[0] for key, values in (role.get("attributes") or {}).items() if values}
    return _by_language(said, "name", role["name"])


def _encode(app: App) -> dict[str, Any]:
    return asdict(app) | {"roles": sorted(app.roles)}


def _decode(kept: dict[str, Any]) -> App:
    sets = {"roles": frozenset(kept["roles"]), "redirect_uris": tuple(kept["redirect_uris"])}
    return App(**(kept | sets))
