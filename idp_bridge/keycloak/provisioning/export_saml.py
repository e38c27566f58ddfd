"""The SAML half of an exported manifest: section, claims and subject, out of a live client."""

from typing import Any

from idp_bridge.keycloak.provisioning.items import by
from idp_bridge.keycloak.provisioning.rest import Document

_ADDRESSES = {
    "consumer_url": "saml_assertion_consumer_url_post",
    "logout_url": "saml_single_logout_service_url_post",
    "soap_logout_url": "saml_single_logout_service_url_soap",
    "certificate": "saml.signing.certificate",
}
_SUBJECTS = {"persistent": "pairwise", "transient": "id", "username": "username"}
_LEVEL = "urn:idp-bridge:acr:"
_RELEASED = "released "


def saml_section(client: Document) -> dict[str, Any]:
    """The section `saml`."""
    said = client["attributes"]
    section: dict[str, Any] = {"entity_id": client["clientId"]}
    section |= {key: said[name] for key, name in _ADDRESSES.items() if said.get(name)}
    if said.get("saml.client.signature") == "false":
        section["signed_requests"] = False
    for key, mapper in (("role_attribute", "app roles"), ("subject_attribute", "subject")):
        if found := by(client.get("protocolMappers"), "name", mapper):
            section[key] = found["config"]["attribute.name"]
    renamed = {name: claim for claim, name in _released(client).items() if name != claim}
    return {**section, **({"attributes": renamed} if renamed else {})}


def saml_claims(client: Document) -> list[str]:
    """The released claims."""
    return list(_released(client))


def saml_subject(client: Document) -> str:
    """By what name the app is told of people."""
    return _SUBJECTS.get(client["attributes"].get("saml_name_id_format", ""), "pairwise")


def saml_level(said: str) -> str:
    """A level of authentication without the form that SAML gives it."""
    return said.removeprefix(_LEVEL)


def _released(client: Document) -> dict[str, str]:
    """Attribute names by released claim."""
    return {
        mapper["name"].removeprefix(_RELEASED): mapper["config"]["attribute.name"]
        for mapper in client.get("protocolMappers") or ()
        if mapper["name"].startswith(_RELEASED)
    }
