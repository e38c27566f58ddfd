"""What of a realm's own settings the follower has to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp_bridge.core.errors import Unavailable
from idp_bridge.keycloak.admin import AdminApi

_NEEDED = "LOGOUT"
_MARGIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RealmState:
    """Tokens older than ``not_before`` are void. Expirations are in seconds, 0 is never."""

    enabled: bool
    not_before: int
    events_off: bool
    user_expiration: int = 0
    admin_expiration: int = 0

    def user_expired(self, time_ms: int, now: float) -> bool:
        """Whether Keycloak may have removed a user event of ``time_ms`` because of its age."""
        return _expired(self.user_expiration, time_ms, now)

    def admin_expired(self, time_ms: int, now: float) -> bool:
        """The same for admin events."""
        return _expired(self.admin_expiration, time_ms, now)


async def read_realm_state(api: AdminApi) -> RealmState:
    """Ask Keycloak. Raises ``Unavailable``."""
    realm = await api.ask(lambda admin: admin.a_get_realm(api.realm))
    if realm is None:
        raise Unavailable(f"keycloak has no realm {api.realm}")
    return _state(realm)


def _state(realm: Mapping[str, Any]) -> RealmState:
    kinds = realm.get("enabledEventTypes") or [_NEEDED]
    heard = realm.get("adminEventsEnabled") and realm.get("eventsEnabled") and _NEEDED in kinds
    attributes = realm.get("attributes") or {}
    return RealmState(
        enabled=realm.get("enabled") is True,
        not_before=int(realm.get("notBefore") or 0),
        events_off=not heard,
        user_expiration=int(realm.get("eventsExpiration") or 0),
        admin_expiration=int(attributes.get("adminEventsExpiration") or 0),
    )


def _expired(expiration: int, time_ms: int, now: float) -> bool:
    return expiration > 0 and now - time_ms / 1000 >= expiration - _MARGIN_SECONDS
