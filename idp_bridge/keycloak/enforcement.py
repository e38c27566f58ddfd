"""What the follower does about events: marks in the store first, then sessions at Keycloak.

Marks are quick and put things in force for all that the bridge serves itself. Ending a session at
Keycloak makes it call the apps that speak OIDC or SAML themselves. Apps that were given tickets are
told by the bridge, also where Keycloak called it or should have. All may be done twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.app_logout import AppEnds
from idp_bridge.core.revocations import Revocations
from idp_bridge.keycloak.admin import AdminApi, is_id
from idp_bridge.keycloak.events import Consequence, Effect
from idp_bridge.keycloak.suspension import Suspension
from idp_bridge.keycloak.twins import Twins

_AT_ONCE = 8
# These follow the marks; ending a session for their sake would only disturb.
_OWN_CLIENTS = frozenset(
    {
        "account",
        "account-console",
        "admin-cli",
        "bridge-admin-pages",
        "bridge-sign-in",
        "broker",
        "realm-management",
        "resident-portal",
        "security-admin-console",
        "worker-portal",
    }
)

Keep = Callable[[], Awaitable[None]]
Sessions = dict[str, str]


class Enforcement:
    """Applies effects in one realm. ``keep`` is called between steps; it raises to stop."""

    def __init__(
        self,
        api: AdminApi,
        accounts: Accounts,
        *,
        revocations: Revocations,
        ends: AppEnds,
        keep: Keep,
        twins: Twins,
    ) -> None:
        self._api = api
        self._accounts = accounts
        self._revocations = revocations
        self._ends = ends
        self._keep = keep
        self._realm = api.realm
        self._suspension = Suspension(api, accounts, ends, twins)

    async def apply(self, effects: Iterable[Effect]) -> None:
        """Put everything in force. Raises ``Unavailable``; what was not done is done next time."""
        unique = list(dict.fromkeys(effects))
        for effect in unique:
            await self._mark(effect)
        accounts: set[str] = set()
        sessions: Sessions = {}
        for effect in unique:
            await self._keep()
            accounts |= await self._accounts_to_end(effect)
            sessions |= await self._sessions_to_end(effect)
        await self._each(accounts, lambda who: self._accounts.end_sessions(self._realm, who))
        left = {sid for sid, who in sessions.items() if who not in accounts}
        await self._each(left, lambda sid: self._accounts.end_session(self._realm, sid))
        for who in sorted(accounts):
            await self._ends.account_over(self._realm, who)
        for effect in unique:
            await self._tell(effect)

    async def go_on(self) -> None:
        """Finish what another follower had begun. Raises ``Unavailable``."""
        await self._suspension.go_on()

    async def _tell(self, effect: Effect) -> None:
        realm = self._realm
        if effect.what is Consequence.CHECK_CLIENT:
            await self._suspension.look_at(effect.target, and_twins=True)
        elif effect.what is Consequence.CLOSE_CLIENT:
            await self._suspension.look_at(effect.target, and_twins=False)
        elif effect.what is Consequence.SESSION_OVER:
            await self._ends.session_over(realm, effect.target)
        elif effect.what is Consequence.ACCOUNT_OVER:
            await self._ends.account_over(realm, effect.target)
        elif effect.what is Consequence.REALM_OVER:
            await self._ends.realm_over(realm)

    async def _mark(self, effect: Effect) -> None:
        realm, marks = self._realm, self._revocations
        if effect.what in (Consequence.STALE_ACCOUNT, Consequence.CHECK_ACCOUNT):
            await marks.stale_account(realm, effect.target)
        elif effect.what is Consequence.SESSION_OVER:
            await marks.end_session(realm, effect.target)
        elif effect.what in (Consequence.ACCOUNT_OVER, Consequence.END_ACCOUNT):
            await marks.end_account(realm, effect.target)
        elif effect.what is Consequence.REALM_OVER:
            await marks.end_realm(realm)
        elif effect.what is Consequence.STALE_REALM:
            await marks.stale_realm(realm)

    async def _accounts_to_end(self, effect: Effect) -> set[str]:
        if effect.what is Consequence.END_ACCOUNT:
            return {effect.target}
        if effect.what is Consequence.CHECK_ACCOUNT:
            account = await self._accounts.find(self._realm, effect.target)
            if account is None or not account.enabled:
                return {effect.target}
        return set()

    async def _sessions_to_end(self, effect: Effect) -> Sessions:
        if effect.what is Consequence.END_APPS:
            return await self._active(await self._app_clients())
        if effect.what is Consequence.END_CLIENT:
            return await self._inside({effect.target})
        if effect.what is Consequence.END_GROUP:
            active = await self._active(await self._app_clients())
            members = await self._members(effect.target) if active else set()
            return {sid: who for sid, who in active.items() if who in members}
        if effect.what is Consequence.END_HOLDERS:
            return await self._of_holders(effect)
        return {}

    async def _of_holders(self, effect: Effect) -> Sessions:
        if "*" in effect.removed:
            active = await self._active(await self._app_clients())
        else:
            active = await self._inside(set(effect.removed))
        role = await self._role_name(effect.target)
        if role is None or not active:
            return active
        holders: set[str] = set()

        async def ask(who: str) -> None:
            account = await self._accounts.find(self._realm, who)
            if account is None or role in account.roles:
                holders.add(who)

        await self._each(set(active.values()), ask)
        return {sid: who for sid, who in active.items() if who in holders}

    async def _role_name(self, target: str) -> str | None:
        """The realm role's name; ``None``: it is a client's, or gone, and anybody may hold it."""
        if target.startswith("id:"):
            role_id = target.removeprefix("id:")
            role = await self._api.ask(lambda admin: admin.a_get_role_by_id(role_id))
            return None if role is None or role.get("clientRole") else str(role["name"])
        return target.removeprefix("name:") or None

    async def _app_clients(self) -> set[str]:
        used = await self._api.list("client-session-stats")
        return {row["id"] for row in used if row["clientId"] not in _OWN_CLIENTS}

    async def _inside(self, clients: set[str]) -> Sessions:
        """``_active``, and who came by another app's ticket, of whom Keycloak does not know."""
        found = await self._active(clients)
        for uuid in filter(is_id, clients):
            client = await self._api.ask(lambda admin, uuid=uuid: admin.a_get_client(uuid))  # type: ignore[misc]
            if client:
                found |= await self._ends.inside(self._realm, client["clientId"])
        return found

    async def _active(self, clients: set[str]) -> Sessions:
        """The account of every live session that reached one of ``clients``."""
        found: Sessions = {}
        for client in filter(is_id, clients):
            async for row in self._api.pages(f"clients/{client}/user-sessions"):
                found[row["id"]] = row["userId"]
            await self._keep()
        return found

    async def _members(self, group: str) -> set[str]:
        """Members of the group and of every group below it."""
        members: set[str] = set()
        waiting = [group]
        while waiting:
            here = waiting.pop()
            async for row in self._api.pages(f"groups/{here}/members", briefRepresentation=True):
                members.add(row["id"])
            async for row in self._api.pages(f"groups/{here}/children"):
                waiting.append(row["id"])
            await self._keep()
        return members

    async def _each(self, items: Iterable[str], act: Callable[[str], Awaitable[Any]]) -> None:
        """Act on all, a few at a time; between them the lease is kept, or this stops."""
        waiting = sorted(items)
        for start in range(0, len(waiting), _AT_ONCE):
            await self._keep()
            await asyncio.gather(*(act(item) for item in waiting[start : start + _AT_ONCE]))
