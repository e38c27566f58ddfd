"""Who somebody is at Keycloak and where they are signed in: live, nothing kept.

Ending sessions marks them in the store first: what the bridge serves itself ends at once even while
Keycloak does not answer; Keycloak then calls the apps.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakError

from idp_bridge.core.accounts import Account, KeycloakSession
from idp_bridge.core.errors import Conflict, NotFound
from idp_bridge.core.names import full_name
from idp_bridge.core.revocations import Revocations
from idp_bridge.keycloak.admin import AdminApi, is_id

_T = TypeVar("_T")
_SIGN_INS_READ = 1000
_CREDENTIALS = frozenset({"password", "webauthn", "webauthn-passwordless"})


class KeycloakAccounts:
    """``Accounts`` over the Admin API of each realm."""

    def __init__(self, apis: Mapping[str, AdminApi], revocations: Revocations) -> None:
        self._apis = apis
        self._revocations = revocations

    async def find(self, realm: str, subject: str) -> Account | None:
        person = await self._person(realm, subject)
        return None if person is None else await self._account(realm, person)

    async def find_by_username(self, realm: str, username: str) -> Account | None:
        name = username.strip().lower()
        query = {"username": name, "exact": True, "first": 0, "max": 2}
        found = await self._ask(realm, lambda admin: admin.a_get_users(query))
        people = [p for p in found or () if p.get("username") == name]
        return await self._account(realm, people[0]) if name and people else None

    async def sessions(self, realm: str, subject: str) -> tuple[KeycloakSession, ...]:
        if not is_id(subject):
            return ()
        rows = await self._ask(realm, lambda admin: admin.a_get_sessions(subject)) or []
        sids = await self._bridge_sids(realm, subject, rows)
        sessions = (_session(row, sids.get(row["id"], "")) for row in rows)
        return tuple(sorted(sessions, key=lambda session: session.started, reverse=True))

    async def end_session(self, realm: str, session_id: str) -> None:
        await self._revocations.end_session(realm, session_id)
        if is_id(session_id):
            path = f"admin/realms/{realm}/sessions/{session_id}"
            async with self._apis[realm].asking() as admin:
                _expect(await admin.connection.a_raw_delete(path), 204, 404)

    async def end_sessions(self, realm: str, subject: str) -> None:
        await self._revocations.end_account(realm, subject)
        if is_id(subject):
            await self._ask(realm, lambda admin: admin.a_user_logout(subject))
            # Again: a sign-in that was under way while Keycloak was asked is over there as well.
            await self._revocations.end_account(realm, subject)

    async def link(self, realm: str, subject: str, connector: str) -> None:
        """Raises ``NotFound``, and ``Conflict`` when that identity is linked to somebody else."""
        if await self.is_linked(realm, subject, connector):
            return
        async with self._apis[realm].asking() as admin:
            try:
                await admin.a_add_user_social_login(subject, connector, subject, subject)
            except KeycloakError as error:
                if error.response_code == 409:
                    raise Conflict(f"{connector} is linked otherwise already") from error
                raise

    async def is_linked(self, realm: str, subject: str, connector: str) -> bool:
        """Raises ``NotFound`` when there is no such account."""
        await self._known(realm, subject)
        links = await self._ask(realm, lambda admin: admin.a_get_user_social_logins(subject)) or []
        return any(
            row.get("identityProvider") == connector and row.get("userId") == subject
            for row in links
        )

    async def require_action(self, realm: str, subject: str, action: str) -> None:
        """Raises ``NotFound`` when there is no such account."""
        person = await self._known(realm, subject)
        actions = person.get("requiredActions", [])
        if action not in actions:
            change = {"requiredActions": [*actions, action]}
            await self._ask(realm, lambda admin: admin.a_update_user(subject, change))

    async def has_credential(self, realm: str, subject: str) -> bool:
        person = await self._person(realm, subject)
        if person is None:
            return False
        # The password of somebody from LDAP is there; Keycloak lists only its own.
        if person.get("federationLink"):
            return True
        held = await self._ask(realm, lambda admin: admin.a_get_credentials(subject)) or []
        return any(credential.get("type") in _CREDENTIALS for credential in held)

    async def _ask(
        self, realm: str, question: Callable[[KeycloakAdmin], Awaitable[_T]]
    ) -> _T | None:
        return await self._apis[realm].ask(question)

    async def _person(self, realm: str, subject: str) -> dict[str, Any] | None:
        if not is_id(subject):
            return None
        return await self._ask(realm, lambda admin: admin.a_get_user(subject))

    async def _known(self, realm: str, subject: str) -> dict[str, Any]:
        person = await self._person(realm, subject)
        if person is None:
            raise NotFound(f"no such account in {realm}")
        return person

    async def _account(self, realm: str, person: Mapping[str, Any]) -> Account:
        subject = person["id"]
        roles = await self._ask(
            realm, lambda admin: admin.a_get_composite_realm_roles_of_user(subject)
        )
        return Account(
            realm=realm,
            subject=subject,
            username=person.get("username", ""),
            name=full_name(
                person.get("firstName") or "",
                person.get("lastName") or "",
                str(person.get("username", "")),
            ),
            enabled=person.get("enabled") is True and roles is not None,
            roles=frozenset(role["name"] for role in roles or ()),
            manages_realm=await self._manages(realm, subject),
        )

    async def _manages(self, realm: str, subject: str) -> bool:
        api = self._apis[realm]
        client = await api.client_uuid("realm-management")
        held = await api.list(f"users/{subject}/role-mappings/clients/{client}/composite")
        return bool(held)

    async def _bridge_sids(
        self, realm: str, subject: str, sessions: list[dict[str, Any]]
    ) -> dict[str, str]:
        """The OP's ``sid`` by session id, from the sign-in events of brokered sessions."""
        if not sessions:
            return {}
        since = min(row["start"] for row in sessions) - 60_000
        events = await self._apis[realm].list(
            "events",
            type="LOGIN",
            user=subject,
            dateFrom=since,
            direction="asc",
            max=_SIGN_INS_READ,
        )
        sids: dict[str, str] = {}
        for event in events:
            # "<alias of the identity provider>.<sid>"; the session keeps the first sid it heard.
            said = (event.get("details") or {}).get("identity_provider_broker_session_id") or ""
            sid = said.partition(".")[2]
            if sid and event.get("sessionId"):
                sids.setdefault(event["sessionId"], sid)
        return sids


def _session(row: Mapping[str, Any], sid: str) -> KeycloakSession:
    return KeycloakSession(
        id=row["id"],
        started=_moment(row["start"]),
        last_access=_moment(row["lastAccess"]),
        network=_coarse(row.get("ipAddress") or ""),
        clients=tuple(sorted((row.get("clients") or {}).values())),
        bridge_sid=sid,
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _coarse(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    prefix = 24 if parsed.version == 4 else 48
    return str(ip_network((parsed, prefix), strict=False))


def _expect(answer: Any, *statuses: int) -> None:
    if answer.status_code not in statuses:
        raise KeycloakError(response_code=answer.status_code)
