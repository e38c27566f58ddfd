"""Manifest section `ticket`: apps that take a one-time signed ticket. Services are `addresses`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from idp_bridge.manifests.parts import Address, Realm, Section

# No character that any old library would have to encode; as long as HS256 asks for (RFC 7518).
Secret = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{32,256}$")]


class TicketSettings(Section):
    """What the ticket endpoint has to know about one app."""

    algorithm: Literal["ES256", "RS256", "HS256"] = Field(
        default="ES256", description="How tickets are signed; HS256 needs `secret`."
    )
    delivery: Literal["form", "redirect"] = Field(
        default="form",
        description="Posted by a form, or in the query of a redirect: then the ticket says nothing "
        "personal, and the app redeems it for the rest.",
    )
    secret: dict[Realm, Secret] = Field(
        default={},
        description="What the app redeems tickets with, and the key of HS256; 32 characters or "
        "more, another one in each realm.",
    )
    logout_url: Address | None = Field(
        default=None,
        description="Where the app is told that a session is over, by a signed `logout_token`.",
    )

    @model_validator(mode="after")
    def _safe_secrets(self) -> "TicketSettings":
        if len(set(self.secret.values())) != len(self.secret):
            raise ValueError("the realms have the same secret: make one for each")
        return self
