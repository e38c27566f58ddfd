"""The SAML half of an app manifest: a client that Keycloak speaks SAML 2.0 with.

A service provider's metadata is read by Keycloak itself. What it says is a proposal: whether
requests must be signed, and by whom, is said by the manifest or follows from it, never from what
somebody's metadata asked for (CVE-2026-16443).
"""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from idp_bridge.core.levels import RANKS
from idp_bridge.keycloak.provisioning.rest import AdminApi, AdminApiError
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.saml import SamlSettings

_CLAIM_MAPPERS: dict[str, tuple[str, dict[str, str]]] = {
    "name": ("saml-user-attribute-mapper", {"user.attribute": "display_name"}),
    "username": ("saml-user-property-mapper", {"user.attribute": "username"}),
    "phone": ("saml-user-attribute-mapper", {"user.attribute": "phone"}),
    "email": ("saml-user-property-mapper", {"user.attribute": "email"}),
    "posts": ("saml-group-membership-mapper", {"full.path": "true", "single": "true"}),
}
# A persistent NameID is kept at the person, which people of a read-only directory do not allow.
_NAME_IDS = {"pairwise": "persistent", "id": "transient", "username": "username"}
# Of what Keycloak read from metadata: where messages go, and by whom they are signed.
_FROM_METADATA = (
    "saml_assertion_consumer_url_post",
    "saml_single_logout_service_url_post",
    "saml_single_logout_service_url_redirect",
    "saml_single_logout_service_url_soap",
    "saml.signing.certificate",
)
_LEVEL = "urn:idp-bridge:acr:"
_LARGEST = 1_000_000
_PATIENCE_SECONDS = 10


def described(api: AdminApi, base: str, app: AppManifest) -> Mapping[str, Any]:
    """The service provider's metadata as Keycloak reads it. Raises ``AdminApiError``."""
    if app.saml is None or not app.saml.metadata:
        return {}
    said = app.saml.metadata
    text = _fetched(said) if said.startswith("https://") else said
    found = api.post(f"{base}/client-description-converter", text) or {}
    if (entity := found.get("clientId")) != app.client_id:
        raise AdminApiError(
            f"{app.id}: the metadata is of {entity}: write it in the manifest as saml.entity_id"
        )
    return dict(found)


def _fetched(address: str) -> str:
    """Metadata at the address of the manifest: no redirects, and no more than it can be."""
    try:
        with httpx.stream("GET", address, timeout=_PATIENCE_SECONDS) as answer:
            answer.raise_for_status()
            text = b""
            for piece in answer.iter_bytes():
                text += piece
                if len(text) > _LARGEST:
                    raise AdminApiError(f"{address}: the metadata is larger than {_LARGEST} bytes")
    except httpx.HTTPError as error:
        raise AdminApiError(f"{address}: no metadata ({type(error).__name__})") from None
    return text.decode("utf-8", "replace")


def saml_client(
    app: AppManifest, saml: SamlSettings, subject: str, said: Mapping[str, Any]
) -> dict[str, Any]:
    """Attributes and mappers of the client; ``said`` is the metadata as Keycloak read it."""
    attributes = {**_proposed(said), **_declared(saml), "saml_name_id_format": _NAME_IDS[subject]}
    _require(app, saml, attributes)
    mappers = [_roles(saml), *_claims(app, saml)]
    if subject == "id":
        config = {"user.attribute": "id", "attribute.name": saml.subject_attribute}
        mappers.append(_mapper("subject", "saml-user-property-mapper", config))
    return {"attributes": attributes, "mappers": mappers}


def _require(app: AppManifest, saml: SamlSettings, attributes: Mapping[str, str]) -> None:
    if saml.signed_requests and not attributes.get("saml.signing.certificate"):
        raise AdminApiError(
            f"{app.id}: requests have to be signed, and neither the manifest nor the metadata has "
            "a certificate: write saml.certificate, or saml.signed_requests: false"
        )
    if not attributes.get("saml_assertion_consumer_url_post"):
        raise AdminApiError(f"{app.id}: nowhere to post assertions: write saml.consumer_url")


def levels(minimum: str) -> dict[str, str]:
    """The lowest level as a URI, which is what SAML clients have, mapped for this client only."""
    if not minimum:
        return {}
    known = {f"{_LEVEL}{name}": rank for name, rank in RANKS.items()}
    return {"acr.loa.map": json.dumps(known), "minimum.acr.value": f"{_LEVEL}{minimum}"}


def redirect_uris(attributes: Mapping[str, str]) -> list[str]:
    """Where assertions may be posted: to the consumer and nowhere else."""
    consumer = attributes.get("saml_assertion_consumer_url_post")
    return [consumer] if consumer else []


def _proposed(said: Mapping[str, Any]) -> dict[str, str]:
    attributes = said.get("attributes") or {}
    return {name: attributes[name] for name in _FROM_METADATA if attributes.get(name)}


def _declared(saml: SamlSettings) -> dict[str, str]:
    declared = {
        "saml.client.signature": "true" if saml.signed_requests else "false",
        "saml.encrypt": "false",
        "saml.artifact.binding": "false",
        "saml_force_name_id_format": "true",
    }
    optional = {
        "saml_assertion_consumer_url_post": saml.consumer_url,
        "saml_single_logout_service_url_post": saml.logout_url,
        "saml_single_logout_service_url_redirect": saml.logout_url,
        "saml_single_logout_service_url_soap": saml.soap_logout_url,
        "saml.signing.certificate": "".join(saml.certificate.split()),
    }
    return declared | {name: value for name, value in optional.items() if value}


def _roles(saml: SamlSettings) -> dict[str, Any]:
    """Only the app's own roles are in a client's scope, so only they are listed."""
    config = {"attribute.name": saml.role_attribute, "single": "true"}
    return _mapper("app roles", "saml-role-list-mapper", config)


def _claims(app: AppManifest, saml: SamlSettings) -> list[dict[str, Any]]:
    names = {claim: name for name, claim in saml.attributes.items()}
    mappers = []
    for claim in app.claims:
        kind, config = _CLAIM_MAPPERS[claim]
        named = {"attribute.name": names.get(claim, claim), **config}
        mappers.append(_mapper(f"released {claim}", kind, named))
    return mappers


def _mapper(name: str, kind: str, config: dict[str, str]) -> dict[str, Any]:
    basic = {"attribute.nameformat": "Basic"}
    return {"name": name, "protocol": "saml", "protocolMapper": kind, "config": basic | config}
