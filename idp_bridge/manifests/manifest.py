"""The manifest of one app: who may enter, where it lives, what it is told, how it speaks.

One manifest makes one Keycloak client per realm with the same ``clientId``.
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, model_validator

from idp_bridge.manifests.cas import CasSettings
from idp_bridge.manifests.check import CheckSettings
from idp_bridge.manifests.forward_auth import ForwardAuthSettings
from idp_bridge.manifests.oidc import OidcSettings
from idp_bridge.manifests.parts import (
    Acr,
    Address,
    AddressPattern,
    Names,
    OrgPath,
    Realm,
    RoleName,
    Section,
)
from idp_bridge.manifests.saml import SamlSettings
from idp_bridge.manifests.ticket import TicketSettings

Protocol = Literal["oidc", "saml", "cas", "forward-auth", "ticket"]
Claim = Literal["name", "username", "phone", "email", "posts"]
AppId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]

# The bridge signs in at Keycloak for these, and gives the app what Keycloak said.
BRIDGE_SERVED: frozenset[str] = frozenset({"cas", "forward-auth", "ticket"})


class PostsOf(Section):
    """The posts of a role in one org unit and the units below it."""

    role: str = Field(description="Realm role, such as grid-worker.")
    org: OrgPath = Field(description="Path of the org unit, such as /baoan/xixiang.")


class AppRole(Section):
    """A role of an app: what it is called, and who has it."""

    names: Names
    given_to: tuple[str | PostsOf, ...] = Field(
        default=(),
        alias="from",
        description="Realm roles that give it, or {role, org}: only posts of that role in that "
        "unit or below. In force once the app is admitted.",
    )


class ServiceAccount(Section):
    """A machine that calls the app with a token of its own (client credentials)."""

    id: AppId
    realm: Realm = "workers"
    roles: tuple[RoleName, ...] = Field(description="App roles that it has.")
    orgs: tuple[OrgPath, ...] = Field(
        default=(), description="Org units that its roles are limited to; its token says so."
    )
    secret: str = Field(default="", description="Left out, Keycloak makes one.")


class AppManifest(Section):
    """One app. Everything by realm has exactly the realms of `realms`."""

    id: AppId = Field(description="The client id, the same in every realm; it never changes.")
    names: Names
    icon: str = Field(default="", description="File name of the tile's picture, without ending.")
    group: str = Field(default="other", description="Group of tiles that it stands in.")
    realms: tuple[Realm, ...] = Field(min_length=1, description="Whose app it is.")
    protocol: Protocol
    url: dict[Realm, Address] = Field(description="What the tile in the portal opens, by realm.")
    addresses: dict[Realm, tuple[AddressPattern, ...]] = Field(
        default={},
        description="Where a sign-in may return to, by realm: redirect URIs, service URLs, or "
        "hosts behind a proxy. Exact, or https://host/path/* for everything below a path.",
    )
    roles: dict[Realm, dict[RoleName, AppRole]] = Field(
        description="App roles by realm. Whoever has one may enter."
    )
    claims: tuple[Claim, ...] = Field(
        default=(), description="What the app is told beside a subject and its own roles."
    )
    subject: Literal["pairwise", "id", "username"] | None = Field(
        default=None,
        description="By what name the app is told of people. Left out: a pairwise subject for "
        "residents, the account's id for workers.",
    )
    minimum_acr: dict[Realm, Acr] = Field(
        default={}, description="Lowest level of authentication, by realm."
    )
    owner: str = Field(default="", description="User name of the worker who answers for it.")
    contact: str = Field(default="", description="Whom to call when it fails; people see it.")
    requestable: bool = Field(
        default=False, description="Whether workers without a role may ask for it."
    )
    service_accounts: tuple[ServiceAccount, ...] = Field(
        default=(), description="Machines that call the app, such as a dispatch platform."
    )
    oidc: OidcSettings | None = None
    saml: SamlSettings | None = None
    cas: CasSettings | None = None
    forward_auth: ForwardAuthSettings | None = None
    ticket: TicketSettings | None = None
    check: CheckSettings = Field(
        default=CheckSettings(), description="Where the admission check looks."
    )
    example: str = Field(default="", description="Example app of the source tree to run.")

    @property
    def client_id(self) -> str:
        """What Keycloak calls its client: SAML wants the service provider's entity id."""
        return self.saml.entity_id or self.id if self.saml else self.id

    @property
    def section(self) -> BaseModel | None:
        """The settings of its own protocol, as far as the manifest has any."""
        found: BaseModel | None = getattr(self, section_key(self.protocol))
        return found

    @property
    def bridge_served(self) -> bool:
        """Whether the bridge, not the app, is Keycloak's client."""
        return self.protocol in BRIDGE_SERVED

    def without_secret(self) -> tuple[tuple[Realm, str], ...]:
        """Realm and client id of every client that signs in with a secret of Keycloak's making."""
        own = [] if self.protocol != "oidc" else [(realm, self.client_id) for realm in self.realms]
        named = self.oidc.secret if self.oidc else {}
        machines = [(one.realm, one.id) for one in self.service_accounts if not one.secret]
        return (*((realm, id_) for realm, id_ in own if realm not in named), *machines)

    @model_validator(mode="after")
    def _complete_by_realm(self) -> "AppManifest":
        for key in ("url", "roles"):
            if missing := set(self.realms) - set(getattr(self, key)):
                raise ValueError(f"{key} lacks {', '.join(sorted(missing))}: add it")
        for key in ("url", "roles", "addresses", "minimum_acr"):
            if extra := set(getattr(self, key)) - set(self.realms):
                raise ValueError(f"{key} has {', '.join(sorted(extra))}, which `realms` lacks")
        return self

    @model_validator(mode="after")
    def _one_protocol(self) -> "AppManifest":
        for protocol in ("oidc", "saml", "cas", "forward-auth", "ticket"):
            key = section_key(protocol)
            if protocol != self.protocol and getattr(self, key) is not None:
                raise ValueError(f"section {key} does not fit protocol {self.protocol}: remove it")
        return self

    @model_validator(mode="after")
    def _possible_subject(self) -> "AppManifest":
        if self.protocol == "saml" and self.subject == "pairwise" and "workers" in self.realms:
            raise ValueError(
                "subject pairwise is not possible for workers over SAML, for Keycloak would have "
                "to write to the directory: write id"
            )
        return self

    @model_validator(mode="after")
    def _signing_secrets(self) -> "AppManifest":
        if self.ticket is None or self.ticket.algorithm != "HS256":
            return self
        if missing := set(self.realms) - set(self.ticket.secret):
            raise ValueError(f"ticket.secret lacks {', '.join(sorted(missing))}: add it")
        return self

    @model_validator(mode="after")
    def _known_roles(self) -> "AppManifest":
        for machine in self.service_accounts:
            known = self.roles.get(machine.realm, {})
            if unknown := set(machine.roles) - set(known):
                raise ValueError(
                    f"service account {machine.id} has {', '.join(sorted(unknown))}, which is no "
                    f"role of the app in {machine.realm}"
                )
        return self

    @model_validator(mode="after")
    def _rules_about_this_app(self) -> "AppManifest":
        """A rule with a slip in it would never fit, and leave open what it should close."""
        rules = self.forward_auth.rules if self.forward_auth else ()
        roles = {role for by_realm in self.roles.values() for role in by_realm}
        addresses = (*self.url.values(), *(a for of in self.addresses.values() for a in of))
        hosts = {urlsplit(address).hostname for address in addresses}
        for rule in rules:
            if unknown := set(rule.roles) - roles:
                raise ValueError(f"forward_auth.rules: {', '.join(sorted(unknown))} is no role")
            if strange := set(rule.hosts) - hosts:
                raise ValueError(
                    f"forward_auth.rules: {', '.join(sorted(strange))} is no host of it"
                )
        return self


def section_key(protocol: str) -> str:
    """The key of a protocol's section."""
    return protocol.replace("-", "_")
