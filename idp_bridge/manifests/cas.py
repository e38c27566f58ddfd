"""Manifest section `cas`: apps that speak CAS to the bridge. Service URLs are `addresses`."""

from pydantic import Field

from idp_bridge.manifests.parts import Address, AddressPattern, Section


class CasSettings(Section):
    """What the CAS server has to know about one app."""

    attributes: dict[str, str] = Field(
        default={},
        description="Attribute name in CAS answers -> released claim, `roles` or `posts`, where "
        "the app wants another name than that.",
    )
    single_logout: bool = Field(
        default=True, description="Whether the app is sent a logoutRequest when a session ends."
    )
    logout_url: Address | None = Field(
        default=None, description="Where logoutRequest is posted, if not to the service URL."
    )
    after_logout: tuple[AddressPattern, ...] = Field(
        default=(), description="Where /cas/logout may send the browser, beside the addresses."
    )
    proxy_callbacks: tuple[Address, ...] = Field(
        default=(), description="Exact addresses that may be a pgtUrl; none, no proxy tickets."
    )
    proxied_by: tuple[str, ...] = Field(
        default=(), description="Ids of apps that may ask for proxy tickets to this one."
    )
