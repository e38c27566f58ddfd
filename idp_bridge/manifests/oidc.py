"""Manifest section `oidc`: apps that speak OpenID Connect to Keycloak themselves."""

from pydantic import Field

from idp_bridge.manifests.parts import Address, AddressPattern, Realm, Section


class OidcSettings(Section):
    """What an OpenID Connect client needs; all of it has a field in Keycloak's console."""

    secret: dict[Realm, str] = Field(
        default={}, description="The client's secret by realm; left out, Keycloak makes one."
    )
    logout_url: Address | None = Field(
        default=None,
        description="Back-channel logout address. Without one, the app's sessions may outlive "
        "a sign-out by up to five minutes.",
    )
    after_logout: tuple[AddressPattern, ...] = Field(
        default=(), description="Where the browser may go after signing out."
    )
