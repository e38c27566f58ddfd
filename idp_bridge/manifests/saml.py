"""Manifest section `saml`: apps that speak SAML 2.0 to Keycloak themselves."""

from pydantic import Field

from idp_bridge.manifests.parts import Address, Section


class SamlSettings(Section):
    """A service provider: from its metadata (Keycloak reads it), or written out here."""

    metadata: str = Field(
        default="",
        description="The service provider's metadata: an https address, or a file beside the "
        "manifest. What is said here as well wins over it.",
    )
    entity_id: str = Field(default="", description="The service provider's entity id.")
    consumer_url: Address | None = Field(
        default=None, description="Where assertions are posted (assertion consumer service)."
    )
    logout_url: Address | None = Field(
        default=None,
        description="Where the browser takes logout requests (single logout service, HTTP-POST "
        "and HTTP-Redirect).",
    )
    soap_logout_url: Address | None = Field(
        default=None,
        description="Where Keycloak sends logout requests itself, behind the browser's back (SOAP "
        "binding). Without it a session that is ended elsewhere lives on in the app.",
    )
    certificate: str = Field(
        default="", description="Its signing certificate, base64 without the PEM lines."
    )
    signed_requests: bool = Field(
        default=True,
        description="Requests must be signed by `certificate`. Only this manifest can switch it "
        "off, never the metadata.",
    )
    subject_attribute: str = Field(
        default="subject",
        description="Attribute that holds the account's id, for apps told of people by id: their "
        "NameID is another one in each session.",
    )
    role_attribute: str = Field(default="role", description="Attribute that lists the app roles.")
    attributes: dict[str, str] = Field(
        default={},
        description="Attribute name in the assertion -> released claim, where the app wants "
        "another name than the claim's.",
    )
