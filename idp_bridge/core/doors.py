"""The way into the apps that the bridge serves: which app it is, who may enter, what it is told.

Every adapter asks here, so that none has rules of its own (CAS, forward-auth, tickets alike). What
an app is told is what Keycloak's ID token for that app's client says, never computed again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from idp_bridge.core.apps import App, Apps
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.errors import Forbidden, NotFound
from idp_bridge.core.levels import reaches

# Of an ID token these speak of the token or the session; roles and posts are told by themselves.
_NOT_RELEASED = frozenset(
    {"exp", "iat", "nbf", "auth_time", "jti", "iss", "aud", "sub", "typ", "azp", "nonce", "sid"}
    | {"at_hash", "c_hash", "s_hash", "acr", "amr", "session_state", "scope", "allowed-origins"}
    | {
        "realm_access",
        "resource_access",
        "groups",
        "bridge_sid",
        "bridge_account",
        "ldap_id",
        "email_verified",
    }
)


class AppSuspended(Forbidden):
    """The app is switched off at Keycloak."""

    code, public = "app_suspended", "This app is closed at the moment"


class NoRole(Forbidden):
    """Signed in, but without a role in this app."""

    code, public = "no_role", "You have no access to this app"


class AcrTooLow(Forbidden):
    """Signed in at a lower level than the app asks for; ``wanted`` is the lowest that does."""

    code, public = "insufficient_acr", "This app asks for a stronger sign-in"

    def __init__(self, message: str, wanted: str) -> None:
        super().__init__(message)
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Released:
    """What one app is told of one person. ``user`` is unique within the app and the realm."""

    user: str
    roles: tuple[str, ...]
    posts: tuple[str, ...]
    claims: Mapping[str, Any]


class Doors:
    """Every door. ``sessions`` makes the sessions of one app's client at one redirect address."""

    def __init__(
        self,
        apps: Apps,
        realms: Iterable[str],
        sessions: Callable[[str, str, str], ClientSessions],
    ) -> None:
        self._apps = apps
        self._realms = tuple(realms)
        self._make = sessions
        self._made: dict[tuple[str, str, str], ClientSessions] = {}

    async def speaking(self, protocol: str) -> tuple[App, ...]:
        """The apps of all realms that speak ``protocol``, suspended ones too."""
        found = [app for realm in self._realms for app in await self._apps.of(realm)]
        return tuple(app for app in found if app.protocol == protocol)

    async def app(self, realm: str, client_id: str) -> App:
        """One app. Raises ``NotFound``."""
        if realm in self._realms:
            for app in await self._apps.of(realm):
                if app.client_id == client_id:
                    return app
        raise NotFound(f"no app {client_id!r} in realm {realm!r}")

    def sessions(self, app: App, redirect_uri: str) -> ClientSessions:
        """The sessions of the app's client that come back to ``redirect_uri``."""
        key = (app.realm, app.client_id, redirect_uri)
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key]


def check_entry(app: App, session: ClientSession) -> None:
    """Let in who may enter now. Raises ``AppSuspended``, ``NoRole``, ``AcrTooLow``.

    Keycloak does not enforce ``acr`` and gives everybody a token: both are checked here.
    """
    if not app.enabled:
        raise AppSuspended(f"app {app.client_id} is disabled")
    if not session.roles_in(app.client_id):
        raise NoRole(f"no role in {app.client_id}")
    if app.minimum_acr and not reaches(session.acr, (app.minimum_acr,)):
        raise AcrTooLow(f"{session.acr!r} is below {app.minimum_acr!r}", app.minimum_acr)


def released(app: App, session: ClientSession) -> Released:
    """What ``app`` is told of the person: roles of this app, posts, and what its client releases.

    Raises ``Forbidden`` when the app is told of people by user name and the token has none: an
    empty name would make everybody the same person.
    """
    user = session.subject
    if app.subject == "username":
        user = str(session.claims.get("preferred_username") or "")
        if not user:
            raise Forbidden(f"{app.client_id} is told of user names, and its client releases none")
    return Released(
        user=user,
        roles=tuple(sorted(session.roles_in(app.client_id))),
        posts=tuple(sorted(map(str, session.claims.get("groups") or ()))),
        claims={k: v for k, v in session.claims.items() if k not in _NOT_RELEASED},
    )
