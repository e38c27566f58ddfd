r"""Ends an app's sessions when an administrator disables it, wherever that was done.

Keycloak refuses a disabled client everything, and calls it no more: who is in the app would stay.

    disabled --> apps that the bridge gave tickets for: told by the bridge itself
            \--> apps with a logout address: enabled, but closed for sign-in --> their people's
                 sessions ended (Keycloak calls the app) --> disabled again

The step in between lasts as long as the calls and is written into the client, so that a follower
that was killed there is followed by one that goes on.
"""

from collections.abc import Mapping
from typing import Any

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.app_logout import AppEnds
from idp_bridge.keycloak.admin import AdminApi, is_id
from idp_bridge.keycloak.twins import CLOSING, Twins
from idp_bridge.manifests.manifest import BRIDGE_SERVED

_LOGOUT_ADDRESSES = (
    "backchannel.logout.url",
    "saml_single_logout_service_url_soap",
    "saml_single_logout_service_url_post",
)


class Suspension:
    """Sees to it that a disabled app of one realm is disabled for those inside, too."""

    def __init__(self, api: AdminApi, accounts: Accounts, ends: AppEnds, twins: Twins) -> None:
        self._api = api
        self._twins = twins
        self._accounts = accounts
        self._ends = ends

    async def look_at(self, client: str, *, and_twins: bool) -> None:
        """End what has to end if the client is a disabled app. Raises ``Unavailable``.

        Without ``and_twins`` it was disabled for its twin's sake, which may be open again by now.
        """
        if not is_id(client):
            return
        found = await self._api.ask(lambda admin: admin.a_get_client(client))
        if found and (not found.get("enabled") or _is_closing(found)):
            if and_twins and _is_app(found) and not _is_opened_again(found):
                await self._twins.disable(found["clientId"])
            await self._close(found)

    async def go_on(self) -> None:
        """Finish what another follower had begun. Raises ``Unavailable``."""
        for client in await self._api.list("clients"):
            if _is_closing(client):
                await self._close(client)

    async def _close(self, client: Mapping[str, Any]) -> None:
        if not _is_app(client):
            return
        if _is_opened_again(client):
            await self._change(client, closing="")
            return
        said = client.get("attributes") or {}
        if said.get("bridge.protocol") in BRIDGE_SERVED:
            # Keycloak does not know of those who came by another app's proxy ticket.
            await self._ends.app_over(self._api.realm, client["clientId"])
            return
        sessions = [
            row["id"] async for row in self._api.pages(f"clients/{client['id']}/user-sessions")
        ]
        if (sessions or _is_closing(client)) and _can_be_closed(client):
            await self._change(client, enabled=True, standardFlowEnabled=False, closing="true")
            for sid in sessions:
                await self._accounts.end_session(self._api.realm, sid)
            await self._change(client, enabled=False, standardFlowEnabled=True, closing="")

    async def _change(self, client: Mapping[str, Any], *, closing: str, **fields: bool) -> None:
        # Read anew and written whole: what a part leaves out Keycloak may set anew, and what an
        # administrator saved meanwhile stays.
        now = await self._api.ask(lambda admin: admin.a_get_client(client["id"]))
        if not now or (now.get("enabled") and not _is_closing(now)):
            return
        if _is_opened_again(now):
            fields, closing = {}, ""
        attributes = {**(now.get("attributes") or {}), CLOSING: closing}
        async with self._api.asking() as admin:
            changed = {**now, **fields, "attributes": attributes}
            await admin.a_update_client(client["id"], changed)


def _is_app(client: Mapping[str, Any]) -> bool:
    return (client.get("attributes") or {}).get("bridge.app") == "true"


def _is_closing(client: Mapping[str, Any]) -> bool:
    return (client.get("attributes") or {}).get(CLOSING) == "true"


def _is_opened_again(client: Mapping[str, Any]) -> bool:
    """While it is closed its sign-in is off: on again, an administrator wants it open."""
    return _is_closing(client) and bool(client.get("enabled") and client.get("standardFlowEnabled"))


def _can_be_closed(client: Mapping[str, Any]) -> bool:
    """Whether there is somebody to call, and nothing but sign-in to be kept closed meanwhile."""
    said = client.get("attributes") or {}
    signs_in = client.get("standardFlowEnabled") or _is_closing(client)
    machine = client.get("serviceAccountsEnabled") or client.get("directAccessGrantsEnabled")
    return bool(signs_in) and not machine and any(said.get(name) for name in _LOGOUT_ADDRESSES)
