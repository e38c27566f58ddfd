"""What all parts of a manifest are made of: frozen sections and strict words."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from idp_bridge.core.addresses import OAUTH_ANSWER, flaw

# What any protocol's answer adds to an address.
_ANSWERS = OAUTH_ANSWER | {"ticket"}

Realm = Literal["residents", "workers"]
Acr = Literal["activation", "qr", "password", "mfa", "passkey"]


class Section(BaseModel, frozen=True, extra="forbid"):
    """A part of a manifest; unknown keys are refused."""


class Names(Section):
    """What people read, in both languages."""

    zh: str = Field(min_length=1, max_length=80)
    en: str = Field(min_length=1, max_length=80)


def _plain(address: str) -> str:
    if problem := flaw(address, reserved=_ANSWERS, plain_http=True):
        raise ValueError(f"{address} is no plain address ({problem}): write https://host/path")
    return address


def _pattern(address: str) -> str:
    below = address.removesuffix("*")
    if "*" in below or (below != address and not below.endswith("/")):
        raise ValueError(f"{address}: `*` stands only at the end, after a slash")
    _plain(below)
    return address


Address = Annotated[str, AfterValidator(_plain)]
# Exact, or `https://host/path/*` for everything below a path.
AddressPattern = Annotated[str, AfterValidator(_pattern)]
OrgPath = Annotated[str, Field(pattern=r"^(/[^/\s]+)+$")]
RoleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
