"""Manifest section `forward_auth`: apps that a reverse proxy guards by asking the bridge."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from idp_bridge.manifests.parts import Acr, Section

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

_UNSPELLABLE = re.compile(r"[\x00-\x20\x7f;\\?#%*]|//|/\.\.?(?:/|$)")
_HOST = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)*[^\W_](?:[\w-]*[^\W_])?")


def _path(pattern: str) -> str:
    path = pattern.removesuffix("*") if pattern.endswith("/*") else pattern
    if not path.startswith("/") or _UNSPELLABLE.search(path):
        raise ValueError(
            f"{pattern} is no path that anybody could ask for: write /path, or /path/* for "
            "everything below, with letters as they are and not encoded"
        )
    return pattern


def _host(host: str) -> str:
    if not _HOST.fullmatch(host):
        raise ValueError(f"{host} is no host: write it without scheme, port and path")
    return host.lower()


Path = Annotated[str, AfterValidator(_path)]
Host = Annotated[str, AfterValidator(_host)]


class RouteRule(Section):
    """Who may ask for some routes. The first rule that fits decides; no rule: any app role."""

    hosts: tuple[Host, ...] = Field(default=(), description="Hosts it is about; none: all.")
    paths: tuple[Path, ...] = Field(
        default=("/*",),
        min_length=1,
        description="Exact paths, or /path/* for that path and everything below.",
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
