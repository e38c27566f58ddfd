"""Manifest section `ticket`: apps that take a one-time signed ticket. Services are `addresses`."""

from typing import Literal

from pydantic import Field

from idp_bridge.manifests.parts import Address, Realm, Section


class TicketSettings(Section):
    """What the ticket endpoint has to know about one app."""

    algorithm: Literal["ES256", "RS256", "HS256"] = Field(
        default="ES256", description="How tickets are signed; HS256 needs `secret`."
    )
    delivery: Literal["form", "redirect"] = Field(
        default="form", description="Posted by a form, or in the query of a redirect."
    )
    secret: dict[Realm, str] = Field(
        default={}, description="What the app redeems tickets with, and the key of HS256."
    )
    logout_url: Address | None = Field(
        default=None, description="Where the app is told that a session is over."
    )
