"""Who made something at Keycloak as it is now: the newest admin event that touches it.

Events are kept for a while only; where none is left, nobody is named.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from idp_bridge.core.role_links import Role
from idp_bridge.core.why import Touch
from idp_bridge.keycloak.admin import AdminApi, is_id

_READ = 500

Event = Mapping[str, Any]


class Touches:
    """Reads the admin events of one realm, newest first, for one question."""

    def __init__(self, api: AdminApi, clients: Mapping[str, str]) -> None:
        self._api = api
        self._clients = clients
        self._read: dict[str, list[dict[str, Any]]] = {}
        self._names: dict[str, str] = {}

    async def of_mapping(self, holder: str, role: Role) -> Touch | None:
        """Who gave ``role`` to ``holder``: ``users/<id>`` or ``groups/<id>``."""
        events = await self._events(f"{holder}/role-mappings/*")
        return await self._newest(events, lambda event: self._speaks_of(event, role))

    async def of_membership(self, account: str, group_id: str) -> Touch | None:
        """Who made the account a member."""
        path = f"users/{account}/groups/{group_id}"
        return await self._newest(await self._events(path), lambda _: True)

    async def of_identity(self, account: str, alias: str) -> Touch | None:
        """Who linked the identity."""
        path = f"users/{account}/federated-identity/{alias}"
        return await self._newest(await self._events(path), lambda _: True)

    async def of_composite(self, composite: Role, composite_id: str, role: Role) -> Touch | None:
        """Who made ``composite`` carry ``role``."""
        paths = [f"roles-by-id/{composite_id}/composites"]
        if composite.client_id:
            uuid = self._clients.get(composite.client_id, "")
            paths.append(f"clients/{uuid}/roles/{composite.name}/composites")
        else:
            paths.append(f"roles/{composite.name}/composites")
        events = [event for path in paths for event in await self._events(path)]
        events.sort(key=lambda event: event["time"], reverse=True)
        return await self._newest(events, lambda event: self._speaks_of(event, role))

    async def of_value(self, path: str, read: Callable[[Any], Any], value: Any) -> Touch | None:
        """Who set a value: the oldest event of those that have agreed on it since."""
        setter: Event | None = None
        for event in await self._events(path):
            said = read(_representation(event))
            if said is not None and said != value:
                return await self._touch(setter)
            setter = event if said is not None else setter
            if event.get("operationType") == "CREATE":
                return await self._touch(setter)
        # Those that are left agree; whoever set it did so before.
        return None

    async def _events(self, path: str) -> list[dict[str, Any]]:
        if path not in self._read:
            self._read[path] = await self._api.list("admin-events", resourcePath=path, max=_READ)
        return self._read[path]

    async def _newest(
        self, events: list[dict[str, Any]], fits: Callable[[Event], bool]
    ) -> Touch | None:
        for event in events:
            if fits(event):
                # A link that is there although it was taken away last comes from elsewhere.
                return None if event.get("operationType") == "DELETE" else await self._touch(event)
        return None

    def _speaks_of(self, event: Event, role: Role) -> bool:
        said = _representation(event)
        rows = said if isinstance(said, list) else []
        container = self._clients.get(role.client_id)
        return any(
            row.get("name") == role.name
            and (row.get("containerId") == container if container else not row.get("clientRole"))
            for row in rows
        )

    async def _touch(self, event: Event | None) -> Touch | None:
        if event is None:
            return None
        who = event.get("authDetails") or {}
        account = str(who.get("userId") or "")
        here = who.get("realmId") == event.get("realmId")
        return Touch(
            at=datetime.fromtimestamp(event["time"] / 1000, UTC),
            by=await self._name(account) if here else account,
            realm=self._api.realm if here else "master",
        )

    async def _name(self, account: str) -> str:
        if account not in self._names and is_id(account):
            person = await self._api.ask(lambda admin: admin.a_get_user(account))
            self._names[account] = str((person or {}).get("username") or account)
        return self._names.get(account, account)


def _representation(event: Event) -> Any:
    try:
        return json.loads(event.get("representation") or "null")
    except ValueError:
        return None
