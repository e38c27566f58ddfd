"""What of an app can be changed on the admin page: what Keycloak's console has no field for.

Both clients of an app of two realms are written alike; what belongs to one realm is its address.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.addresses import OAUTH_ANSWER, flaw
from idp_bridge.core.apps import App, Apps
from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidRequest, NotFound

# The bridge itself answers to these addresses, so they are checked when they are written.
SERVED = ("cas", "ticket")
_NAME_LENGTH, _TEXT_LENGTH, _ADDRESSES = 60, 200, 50
_CALLBACK = "/apps/callback/"


@dataclass(frozen=True, slots=True)
class RealmSettings:
    """``addresses`` are service addresses of an app that the bridge serves."""

    url: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppSettings:
    """As an administrator wants them. ``owner`` is the user name of a worker."""

    names: Mapping[str, str]
    owner: str
    contact: str
    requestable: bool
    realms: Mapping[str, RealmSettings]


class BadSetting(InvalidRequest):
    """One field cannot be taken; ``field`` names it, the page says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class AppClients(Protocol):
    """Clients of apps at Keycloak."""

    async def write(
        self,
        realm: str,
        client_id: str,
        attributes: Mapping[str, str],
        redirect_uris: tuple[str, ...] | None,
    ) -> None:
        """Change these and nothing else. Raises ``NotFound``, ``Unavailable``."""
        ...


class AppDesk:
    """Changes apps on behalf of an administrator."""

    def __init__(
        self, apps: Apps, accounts: Accounts, clients: AppClients, audit: Audit, clock: Clock
    ) -> None:
        self._apps = apps
        self._accounts = accounts
        self._clients = clients
        self._audit = audit
        self._clock = clock

    async def of(self, client_id: str, realms: Iterable[str]) -> tuple[App, ...]:
        """The app in each of its realms. Raises ``NotFound``."""
        found = [app for realm in realms for app in await self._apps.of(realm)]
        own = tuple(app for app in found if app.client_id == client_id)
        if not own:
            raise NotFound(f"no app {client_id!r}")
        return own

    async def change(self, apps: tuple[App, ...], wanted: AppSettings, by: str) -> None:
        """Write what differs. Raises ``BadSetting``."""
        await self._check(apps, wanted)
        changed = sorted({name for app in apps for name in _differences(app, wanted)})
        for app in apps:
            if _differences(app, wanted):
                own = wanted.realms[app.realm]
                uris = redirect_uris(app, own.addresses) if app.protocol in SERVED else None
                await self._clients.write(app.realm, app.client_id, _attributes(wanted, own), uris)
        if changed:
            detail = {"app": apps[0].client_id, "changed": ", ".join(changed)}
            event = AuditEvent(self._clock(), "app_changed", actor=by, detail=detail)
            await self._audit.record(event)

    async def _check(self, apps: tuple[App, ...], wanted: AppSettings) -> None:
        for language, name in wanted.names.items():
            if not 1 <= len(name) <= _NAME_LENGTH:
                raise BadSetting(f"name_{language}", "a name has 1 to 60 characters")
        if len(wanted.contact) > _TEXT_LENGTH:
            raise BadSetting("contact", "too long")
        if wanted.owner and not await self._accounts.find_by_username("workers", wanted.owner):
            raise BadSetting("owner", "no worker is called so")
        for app in apps:
            own = wanted.realms[app.realm]
            if wrong := flaw(own.url, reserved=frozenset()):
                raise BadSetting(f"url_{app.realm}", wrong)
            if app.protocol in SERVED:
                _check_addresses(app, own.addresses)


def service_addresses(app: App) -> tuple[str, ...]:
    """The redirect URIs of a served app without the bridge's own."""
    return tuple(uri for uri in app.redirect_uris if not _is_callback(app, uri))


def redirect_uris(app: App, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """``addresses`` with the bridge's own callback, which stays whatever is written."""
    return (*(uri for uri in app.redirect_uris if _is_callback(app, uri)), *addresses)


def _is_callback(app: App, uri: str) -> bool:
    return uri.endswith(f"{_CALLBACK}{app.realm}/{app.client_id}")


def _check_addresses(app: App, addresses: tuple[str, ...]) -> None:
    realm = app.realm
    if not 1 <= len(addresses) <= _ADDRESSES:
        raise BadSetting(f"addresses_{realm}", "one address at least")
    # What looks like the bridge's own is kept and shown to nobody.
    if any(_is_callback(app, address) for address in addresses):
        raise BadSetting(f"addresses_{realm}", "an address of the bridge")
    for address in addresses:
        # Everything below a path may be meant; everywhere may not.
        plain = address.removesuffix("*") if address.endswith("/*") else address
        if "*" in plain or (wrong := flaw(plain, reserved=OAUTH_ANSWER)):
            raise BadSetting(f"addresses_{realm}", wrong if "*" not in plain else "wildcard")


def _differences(app: App, wanted: AppSettings) -> list[str]:
    own = wanted.realms[app.realm]
    pairs = {
        "names": (dict(app.names), dict(wanted.names)),
        "owner": (app.owner, wanted.owner),
        "contact": (app.contact, wanted.contact),
        "requestable": (app.requestable, wanted.requestable),
        "url": (app.url, own.url),
    }
    if app.protocol in SERVED:
        pairs["addresses"] = (service_addresses(app), own.addresses)
    return [name for name, (before, after) in pairs.items() if before != after]


def _attributes(wanted: AppSettings, own: RealmSettings) -> dict[str, str]:
    return {
        **{f"bridge.name.{language}": name for language, name in wanted.names.items()},
        "bridge.owner": wanted.owner,
        "bridge.contact": wanted.contact,
        "bridge.requestable": "true" if wanted.requestable else "",
        "bridge.url": own.url,
    }
