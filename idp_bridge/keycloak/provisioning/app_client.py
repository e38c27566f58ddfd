"""An app manifest as the representation of its Keycloak client in one realm."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from idp_bridge.keycloak.provisioning.app_saml import levels, redirect_uris, saml_client
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.oidc import OidcSettings
from idp_bridge.manifests.parts import Realm

CLAIM_SCOPES = {
    "name": "claim-name",
    "username": "claim-username",
    "phone": "claim-phone",
    "email": "claim-email",
    "posts": "bridge-posts",
}


def app_client(
    realm: Realm,
    app: AppManifest,
    declared: Mapping[str, Any],
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the manifest says of the client; ``declared`` is the realm's file, ``metadata`` a SAML
    service provider's as Keycloak read it.
    """
    defaults = _laid_over(declared, app, realm)
    subject = app.subject or defaults["subject"]
    client = {
        **{k: v for k, v in defaults.items() if k not in ("subject", "callback")},
        "client_id": app.client_id,
        "name": app.names.zh,
        "redirectUris": _redirect_uris(realm, app, defaults.get("callback")),
        "attributes": {**defaults["attributes"], **_attributes(realm, app, subject)},
        "scopes": [*defaults["scopes"], *claim_scopes(app, subject)],
    }
    if app.saml is not None:
        return client | _saml(client, saml_client(app, app.saml, subject, metadata or {}))
    if subject == "pairwise":
        pairwise = _pairwise(client["redirectUris"], declared["sector_url"])
        client["mappers"] = [*client["mappers"], pairwise]
    if isinstance(app.section, OidcSettings):
        client |= _oidc(realm, app.section, client["attributes"])
    return client


def claim_scopes(app: AppManifest, subject: str) -> list[str]:
    """The client scopes that release what the manifest names."""
    claims = {*app.claims, *(["username"] if subject == "username" else [])}
    return sorted(CLAIM_SCOPES[claim] for claim in claims)


def _laid_over(declared: Mapping[str, Any], app: AppManifest, realm: Realm) -> dict[str, Any]:
    served = "apps_served" if app.bridge_served else f"apps_{app.protocol}"
    common, own = declared["apps"], declared[served]
    attributes = {**common["attributes"], **own["attributes"]}
    joined = {**common, **own, "attributes": attributes}
    filled: dict[str, Any] = _named(joined, {"@app": app.client_id, "@realm": realm})
    return filled


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """``value`` with `@app` and `@realm` filled in."""
    if isinstance(value, str):
        for name, filling in names.items():
            value = value.replace(name, filling)
        return value
    if isinstance(value, Mapping):
        return {key: _named(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner, names) for inner in value]
    return value


def _pairwise(redirect_uris: list[str], sector_url: str) -> dict[str, Any]:
    # Keycloak asks for a sector document once an app is on several hosts.
    several = len({urlsplit(uri).hostname for uri in redirect_uris}) > 1
    return {
        "name": "pairwise subject",
        "protocolMapper": "oidc-sha256-pairwise-sub-mapper",
        "config": {"sectorIdentifierUri": sector_url if several else ""},
    }


def _attributes(realm: Realm, app: AppManifest, subject: str) -> dict[str, str]:
    said = {
        "bridge.app": "true",
        "bridge.id": app.id if app.id != app.client_id else "",
        "bridge.name.zh": app.names.zh,
        "bridge.name.en": app.names.en,
        "bridge.group": app.group,
        "bridge.icon": app.icon,
        "bridge.protocol": app.protocol,
        "bridge.url": app.url[realm],
        "bridge.subject": "username" if subject == "username" else "sub",
        "bridge.owner": app.owner,
        "bridge.contact": app.contact,
        "bridge.requestable": "true" if app.requestable else "",
        "bridge.settings": settings_text(app),
    }
    if level := app.minimum_acr.get(realm):
        said["minimum.acr.value"] = level
    if app.protocol == "forward-auth":
        ways_out = (f"{origin}/.idp-bridge/signed-out" for origin in _origins(realm, app))
        said["post.logout.redirect.uris"] = "##".join(ways_out)
    return said


def settings_text(app: AppManifest) -> str:
    """The section of a protocol that the bridge speaks; for others Keycloak has its own fields."""
    if app.section is None or not app.bridge_served:
        return ""
    said = app.section.model_dump(mode="json", exclude_unset=True, by_alias=True)
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _oidc(realm: Realm, oidc: OidcSettings, attributes: dict[str, str]) -> dict[str, Any]:
    secret = oidc.secret.get(realm)
    told = {
        "backchannel.logout.url": oidc.logout_url or "",
        "post.logout.redirect.uris": "##".join(oidc.after_logout),
    }
    return {"attributes": attributes | told, **({"secret": secret} if secret else {})}


def _saml(client: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {**client["attributes"], **own["attributes"]}
    attributes |= levels(attributes.get("minimum.acr.value", ""))
    return {
        "attributes": attributes,
        "mappers": own["mappers"],
        "redirectUris": redirect_uris(attributes),
        # Claims are mappers of its own: client scopes are OpenID Connect's.
        "scopes": [],
    }


def _redirect_uris(realm: Realm, app: AppManifest, callback: str | None) -> list[str]:
    if app.protocol == "forward-auth":
        return [f"{origin}/.idp-bridge/callback" for origin in _origins(realm, app)]
    return [*([callback] if callback else []), *app.addresses.get(realm, ())]


def _origins(realm: Realm, app: AppManifest) -> list[str]:
    """The origins of an app behind a proxy."""
    parts = [urlsplit(address) for address in (app.url[realm], *app.addresses.get(realm, ()))]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})
