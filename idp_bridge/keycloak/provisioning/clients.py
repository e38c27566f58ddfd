"""Clients, client scopes, their mappers and the roles of service accounts."""

from collections.abc import Iterator, Mapping
from typing import Any

from idp_bridge.keycloak.provisioning.items import Membership, Resource, by, flat
from idp_bridge.keycloak.provisioning.reconcile import Item
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document, part

_OIDC = "openid-connect"
# `initial` is what a client is made with and an administrator decides from then on.
_OURS = frozenset(
    {"client_id", "name", "mappers", "scopes", "service_roles", "scope_roles", "initial"}
)


def client_at(api: AdminApi, base: str, client_id: str) -> Document | None:
    """The client with ``client_id``, with its secret."""
    return by(api.get(f"{base}/clients?clientId={part(client_id)}"), "clientId", client_id)


def uuid_at(api: AdminApi, base: str, client_id: str) -> str:
    """Keycloak's own id of a client, asked for once; ``none`` of one that is not there."""
    key = f"{base} client {client_id}"
    if key not in api.ids:
        client = client_at(api, base, client_id)
        if client is None:
            return "none"
        api.ids[key] = client["id"]
    return api.ids[key]


def client_items(api: AdminApi, base: str, client: Mapping[str, Any]) -> Iterator[Item]:
    """A client, its mappers, its added scopes and what its service account may do."""
    client_id = client["client_id"]
    yield Resource(
        api,
        f"client {client_id}",
        f"{base}/clients",
        find=lambda: client_at(api, base, client_id),
        address=lambda found: f"{base}/clients/{found['id']}",
        fields=flat({k: v for k, v in client.items() if k not in _OURS}),
        fixed={
            **client.get("initial", {}),
            **{"clientId": client_id, "name": client.get("name", client_id)},
        },
    )

    def own() -> str:
        return f"{base}/clients/{uuid_at(api, base, client_id)}"

    for mapper in client.get("mappers", []):
        protocol = client.get("protocol", _OIDC)
        yield _mapper(api, f"client {client_id}", own, {"protocol": protocol, **mapper})
    for scope in client.get("scopes", []):
        yield default_scope(api, base, client_id, scope)
    for owner, roles in client.get("service_roles", {}).items():
        for role in roles:
            yield _service_role(api, base, client_id, (owner, role))
    for owner, roles in client.get("scope_roles", {}).items():
        for role in roles:
            yield _scope_role(api, base, client_id, (owner, role))


def scope_items(api: AdminApi, base: str, scope: Mapping[str, Any]) -> Iterator[Item]:
    """A client scope and its mappers."""
    name = scope["name"]

    def found() -> Document | None:
        return by(api.get(f"{base}/client-scopes"), "name", name)

    yield Resource(
        api,
        f"scope {name}",
        f"{base}/client-scopes",
        find=found,
        address=lambda held: f"{base}/client-scopes/{held['id']}",
        fields=flat({k: v for k, v in scope.items() if k not in {"name", "mappers"}}),
        fixed={"name": name, "protocol": _OIDC},
    )
    for mapper in scope["mappers"]:
        yield _mapper(
            api,
            f"scope {name}",
            lambda: f"{base}/client-scopes/{(found() or {'id': 'none'})['id']}",
            {"protocol": _OIDC, **mapper},
        )


def _mapper(api: AdminApi, owner: str, own: Any, mapper: Mapping[str, Any]) -> Resource:
    name = mapper["name"]

    def models() -> str:
        return f"{own()}/protocol-mappers/models"

    return Resource(
        api,
        f"{owner} mapper {name}",
        models,
        find=lambda: by(api.get(models()), "name", name),
        address=lambda found: f"{models()}/{found['id']}",
        fields=flat({k: v for k, v in mapper.items() if k not in {"name", "protocol"}}),
        fixed={"name": name, "protocol": mapper["protocol"]},
    )


def default_scope(api: AdminApi, base: str, client_id: str, scope: str) -> Membership:
    """A client scope that the client has beside others."""

    def scopes() -> str:
        client = uuid_at(api, base, client_id)
        return f"{base}/clients/{client}/default-client-scopes"

    def add() -> None:
        held = by(api.get(f"{base}/client-scopes"), "name", scope) or {"id": "none"}
        api.put(f"{scopes()}/{held['id']}")

    return Membership(
        f"client {client_id} scope {scope}",
        lambda: by(api.get(scopes()), "name", scope) is not None,
        add,
    )


def _service_role(api: AdminApi, base: str, client_id: str, wanted: tuple[str, str]) -> Membership:
    owner, role = wanted

    def mappings() -> str:
        client = uuid_at(api, base, client_id)
        user = api.get(f"{base}/clients/{client}/service-account-user") or {"id": "none"}
        owning = uuid_at(api, base, owner)
        return f"{base}/users/{user['id']}/role-mappings/clients/{owning}"

    def add() -> None:
        owning = uuid_at(api, base, owner)
        api.post(mappings(), [api.get(f"{base}/clients/{owning}/roles/{part(role)}")])

    return Membership(
        f"client {client_id} service role {owner}/{role}",
        lambda: by(api.get(mappings()), "name", role) is not None,
        add,
    )


def _scope_role(api: AdminApi, base: str, client_id: str, wanted: tuple[str, str]) -> Membership:
    """A role of another client that may stand in this client's tokens."""
    owner, role = wanted

    def mappings() -> str:
        client = uuid_at(api, base, client_id)
        owning = uuid_at(api, base, owner)
        return f"{base}/clients/{client}/scope-mappings/clients/{owning}"

    def add() -> None:
        owning = uuid_at(api, base, owner)
        api.post(mappings(), [api.get(f"{base}/clients/{owning}/roles/{part(role)}")])

    return Membership(
        f"client {client_id} may tell role {owner}/{role}",
        lambda: by(api.get(mappings()), "name", role) is not None,
        add,
    )
