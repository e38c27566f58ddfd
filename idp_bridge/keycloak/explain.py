"""What stands at Keycloak between one person and one app, read live and link by link."""

import asyncio
from collections.abc import Mapping
from typing import Any

from idp_bridge.core.accounts import Account, Accounts
from idp_bridge.core.apps import App
from idp_bridge.core.levels import RANKS
from idp_bridge.core.role_links import Role, leading_to, parse_role
from idp_bridge.core.role_ways import Holdings, Joint, Step, ways_to, with_those_above
from idp_bridge.core.why import Chain, Fact, Linked, LiveSession
from idp_bridge.keycloak.admin import AdminApi
from idp_bridge.keycloak.effective import KeycloakRoleLinks
from idp_bridge.keycloak.touches import Touches

_GROUPS_SHOWN = 20
_SIGN_INS_READ = 200
_NO_APP = ("default-roles-",)
_BY_CREDENTIAL = {"otp": "mfa", "webauthn-passwordless": "passkey", "webauthn": "mfa"}


class KeycloakChains:
    """``Chains`` over the Admin API of each realm."""

    def __init__(self, apis: Mapping[str, AdminApi], accounts: Accounts) -> None:
        self._apis = apis
        self._accounts = accounts

    async def of(self, app: App, username: str) -> Chain | None:
        account = await self._accounts.find_by_username(app.realm, username)
        if account is None:
            return None
        return await _Reading(self._apis[app.realm], account, app, self._accounts).chain()


class _Reading:
    """One question's reads."""

    def __init__(self, api: AdminApi, account: Account, app: App, accounts: Accounts) -> None:
        self._api = api
        self._account = account
        self._app = app
        self._accounts = accounts
        self._links = KeycloakRoleLinks(api)
        self._group_ids: dict[str, str] = {}
        self._person = f"users/{account.subject}"

    async def chain(self) -> Chain:
        clients = await self._links.clients()
        self._touches = Touches(self._api, clients)
        row = await self._api.ask(lambda admin: admin.a_get_user(self._account.subject))
        federated = bool((row or {}).get("federationLink"))
        holdings = await self._holdings(clients)
        wanted = [Role(self._app.client_id, name) for name in sorted(self._app.roles)]
        ways = [way for role in wanted for way in ways_to(role, holdings)]
        held = tuple(role.name for role in wanted if ways_to(role, holdings))
        givers = await self._givers(wanted)
        return Chain(
            account=self._account,
            app=self._app,
            federated=federated,
            set=await self._set(clients),
            identities=await self._identities(),
            posts=tuple(sorted(holdings.groups)),
            roles=held,
            ways=tuple([await self._linked(way, federated) for way in ways]),
            sessions=await self._sessions(),
            givers=tuple(str(role) for role in givers),
            giving_groups=() if held else await self._giving_groups(givers),
        )

    async def _holdings(self, clients: Mapping[str, str]) -> Holdings:
        names = {uuid: client_id for client_id, uuid in clients.items()}
        groups = [row async for row in self._api.pages(f"{self._person}/groups")]
        self._group_ids |= {row["path"]: row["id"] for row in groups}
        own = frozenset(row["path"] for row in groups)
        around = sorted({above for path in own for above in with_those_above(path)})
        given = await asyncio.gather(*(self._given_by(path, names) for path in around))
        return Holdings(
            person=self._account.username,
            direct=await self._mapped(f"{self._person}/role-mappings", names),
            groups=own,
            group_roles=dict(zip(around, given, strict=True)),
            composites=await self._links.composites(),
        )

    async def _given_by(self, path: str, names: Mapping[str, str]) -> frozenset[Role]:
        group_id = self._group_ids.get(path) or await self._links.group(path)
        if group_id is None:
            return frozenset()
        self._group_ids[path] = group_id
        return await self._mapped(f"groups/{group_id}/role-mappings", names)

    async def _mapped(self, path: str, names: Mapping[str, str]) -> frozenset[Role]:
        said = await self._api.document(path)
        realm = (Role("", row["name"]) for row in said.get("realmMappings") or ())
        clients = (said.get("clientMappings") or {}).values()
        return frozenset(realm) | {
            Role(names.get(client["id"], client["client"]), row["name"])
            for client in clients
            for row in client.get("mappings") or ()
        }

    async def _linked(self, way: tuple[Step, ...], federated: bool) -> tuple[Linked, ...]:
        return tuple([await self._link(step, federated) for step in way])

    async def _link(self, step: Step, federated: bool) -> Linked:
        touches, account = self._touches, self._account.subject
        if step.joint is Joint.MEMBER:
            group = self._group_ids[step.held]
            return Linked(step, await touches.of_membership(account, group))
        role = parse_role(step.held)
        if step.joint is Joint.PERSON_ROLE:
            touched = await touches.of_mapping(self._person, role)
            return Linked(step, touched, untold=federated and touched is None)
        if step.joint is Joint.GROUP_ROLE:
            group = self._group_ids[step.holder]
            return Linked(step, await touches.of_mapping(f"groups/{group}", role))
        composite = parse_role(step.holder)
        composite_id = await self._links.role_id(composite)
        return Linked(step, await touches.of_composite(composite, composite_id, role))

    async def _set(self, clients: Mapping[str, str]) -> tuple[Fact, ...]:
        client = f"clients/{clients.get(self._app.client_id, '')}"
        of = self._touches.of_value
        enabled, least = self._app.enabled, self._app.minimum_acr
        return (
            Fact(
                "account_enabled",
                _yes(self._account.enabled),
                await of(self._person, _field("enabled"), self._account.enabled),
            ),
            Fact("app_enabled", _yes(enabled), await of(client, _field("enabled"), enabled)),
            Fact("app_state", self._app.state, await of(client, _state, self._app.state)),
            Fact("minimum_acr", least, await of(client, _minimum_acr, least)),
        )

    async def _identities(self) -> tuple[Fact, ...]:
        account = self._account.subject
        rows = await self._api.list(f"{self._person}/federated-identity")
        return tuple(
            [
                Fact(
                    row["identityProvider"],
                    str(row.get("userName") or ""),
                    await self._touches.of_identity(account, row["identityProvider"]),
                )
                for row in rows
            ]
        )

    async def _givers(self, wanted: list[Role]) -> tuple[Role, ...]:
        """The realm roles that lead to the app."""
        above = leading_to(wanted, await self._links.composites())
        return tuple(sorted(r for r in above if not r.client_id and not r.name.startswith(_NO_APP)))

    async def _giving_groups(self, givers: tuple[Role, ...]) -> tuple[str, ...]:
        found: set[str] = set()
        for role in (*givers, *(Role(self._app.client_id, name) for name in self._app.roles)):
            found |= set(await self._links.groups_with(role))
        return tuple(sorted(found)[:_GROUPS_SHOWN])

    async def _sessions(self) -> tuple[LiveSession, ...]:
        live = await self._accounts.sessions(self._app.realm, self._account.subject)
        if not live:
            return ()
        events = await self._api.list(
            "events", type="LOGIN", user=self._account.subject, max=_SIGN_INS_READ
        )
        held = await self._api.list(f"{self._person}/credentials")
        kinds = {row.get("id", ""): row.get("type", "") for row in held}
        return tuple(
            LiveSession(
                one.started,
                one.network,
                _level([e for e in events if e.get("sessionId") == one.id], kinds),
                one.clients,
            )
            for one in live
        )


def _level(events: list[dict[str, Any]], kinds: Mapping[str, str]) -> str:
    """The highest level that the session's sign-in events show; empty when none is left."""
    levels = [_of_sign_in(event.get("details") or {}, kinds) for event in events]
    return max(levels, key=lambda level: RANKS.get(level, -1), default="")


def _of_sign_in(details: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    if (alias := details.get("identity_provider")) in ("qr", "activation"):
        return str(alias)
    return _BY_CREDENTIAL.get(kinds.get(details.get("selected_credential_id", ""), ""), "password")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _field(name: str) -> Any:
    return lambda said: said.get(name) if isinstance(said, dict) else None


def _state(said: Any) -> Any:
    return _attribute(said, "bridge.state")


def _minimum_acr(said: Any) -> Any:
    return _attribute(said, "minimum.acr.value")


def _attribute(said: Any, name: str) -> Any:
    """An attribute; Keycloak leaves those alone that a change does not name."""
    attributes = said.get("attributes") if isinstance(said, dict) else None
    return attributes.get(name) if isinstance(attributes, dict) else None
