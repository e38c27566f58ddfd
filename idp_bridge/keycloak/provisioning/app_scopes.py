"""Which client scopes an app's client has: what is released to the app, and nothing beside."""

from dataclasses import dataclass

from idp_bridge.keycloak.provisioning.clients import client_at
from idp_bridge.keycloak.provisioning.reconcile import Fields
from idp_bridge.keycloak.provisioning.rest import AdminApi

_KINDS = ("default", "optional")


@dataclass(frozen=True, slots=True)
class ClientScopes:
    """The default and optional scopes of one client, as one item: each list is a whole."""

    api: AdminApi
    base: str
    client_id: str
    default: tuple[str, ...]
    optional: tuple[str, ...]
    write_only: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"client {self.client_id} scopes"

    @property
    def fields(self) -> Fields:
        return {"default": sorted(self.default), "optional": sorted(self.optional)}

    def read(self) -> Fields | None:
        client = client_at(self.api, self.base, self.client_id)
        if client is None:
            return None
        return {kind: sorted(client.get(f"{kind}ClientScopes") or ()) for kind in _KINDS}

    def create(self) -> None:
        self.write(self.fields)

    def write(self, changed: Fields) -> None:
        client = client_at(self.api, self.base, self.client_id)
        if client is None:
            return
        known = {s["name"]: s["id"] for s in self.api.get(f"{self.base}/client-scopes")}
        own = f"{self.base}/clients/{client['id']}"
        held = {kind: set(client.get(f"{kind}ClientScopes") or ()) for kind in _KINDS}
        # A scope is of one kind at a time: first away, then there.
        for kind in changed:
            for scope in held[kind] - set(changed[kind]):
                self.api.delete(f"{own}/{kind}-client-scopes/{known[scope]}")
        for kind in changed:
            for scope in set(changed[kind]) - held[kind]:
                self.api.put(f"{own}/{kind}-client-scopes/{known[scope]}")


@dataclass(frozen=True, slots=True)
class EmptyScopes:
    """Client scopes that may be asked for and release nothing: they have no mappers."""

    api: AdminApi
    base: str
    scopes: tuple[str, ...]
    name: str = "empty scopes"
    write_only: frozenset[str] = frozenset()

    @property
    def fields(self) -> Fields:
        return {scope: [] for scope in self.scopes}

    def read(self) -> Fields | None:
        held = self._mappers()
        return {scope: sorted(held.get(scope, {})) for scope in self.scopes}

    def create(self) -> None:
        self.write(self.fields)

    def write(self, changed: Fields) -> None:
        held = self._mappers()
        for scope in changed:
            for mapper in held.get(scope, {}).values():
                self.api.delete(f"{self.base}/client-scopes/{mapper}")

    def _mappers(self) -> dict[str, dict[str, str]]:
        """Addresses of the mappers by scope and name."""
        return {
            scope["name"]: {
                mapper["name"]: f"{scope['id']}/protocol-mappers/models/{mapper['id']}"
                for mapper in scope.get("protocolMappers") or ()
            }
            for scope in self.api.get(f"{self.base}/client-scopes") or ()
        }
