"""Manifest section `forward_auth`: apps that a reverse proxy guards by asking the bridge."""

from typing import Literal

from pydantic import Field

from idp_bridge.manifests.parts import Acr, Section

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class RouteRule(Section):
    """Who may ask for some routes. The first rule that fits decides; no rule: any app role."""

    hosts: tuple[str, ...] = Field(default=(), description="Hosts it is about; none: all.")
    paths: tuple[str, ...] = Field(
        default=("/*",), description="Exact paths, or /path/* for everything below."
    )
    methods: tuple[Method, ...] = Field(default=(), description="Methods; none: all.")
    roles: tuple[str, ...] = Field(default=(), description="One of these; none: any app role.")
    acr: Acr | None = Field(default=None, description="Lowest level of authentication here.")


class ForwardAuthSettings(Section):
    """What the gate has to know about one app. Hosts are those of `url` and `addresses`."""

    rules: tuple[RouteRule, ...] = Field(default=(), description="Rules by route, in order.")
    plain_headers: bool = Field(
        default=False,
        description="Header sign-on: also send the fixed plain headers, for apps that cannot "
        "verify the signed one.",
    )
