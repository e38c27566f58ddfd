"""A manifest written from what is live at Keycloak: applied again, it changes nothing.

Secrets are left out, and a manifest without them keeps them as they are.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from idp_bridge.keycloak.provisioning.app_client import CLAIM_SCOPES
from idp_bridge.keycloak.provisioning.app_life import AppAt, known
from idp_bridge.keycloak.provisioning.app_roles import posts_of
from idp_bridge.keycloak.provisioning.export_saml import (
    saml_claims,
    saml_level,
    saml_section,
    saml_subject,
)
from idp_bridge.keycloak.provisioning.items import by
from idp_bridge.keycloak.provisioning.machines import machines_of
from idp_bridge.keycloak.provisioning.rest import AdminApi, Document, part
from idp_bridge.manifests.manifest import BRIDGE_SERVED, PostsOf, section_key

_PAIRWISE = "oidc-sha256-pairwise-sub-mapper"
_EVERYTHING = "max=10000"


def exported(api: AdminApi, app: str) -> dict[str, Any]:
    """The manifest of an app as a document. Raises ``NoSuchApp``."""
    here = known(api, app)
    clients = {at.realm: api.get(f"{at.base}/clients/{at.uuid}") for at in here}
    said = clients[here[0].realm]["attributes"]
    document = {
        "id": said.get("bridge.id") or here[0].client_id,
        "names": {language: said.get(f"bridge.name.{language}", "") for language in ("zh", "en")},
        "icon": said.get("bridge.icon", ""),
        "group": said.get("bridge.group", ""),
        "realms": [at.realm for at in here],
        "protocol": said.get("bridge.protocol", ""),
        "url": {realm: c["attributes"].get("bridge.url", "") for realm, c in clients.items()},
        "addresses": {realm: found for realm, c in clients.items() if (found := _addresses(c))},
        "roles": {at.realm: _roles(api, at) for at in here},
        "claims": _claims(list(clients.values())),
        **_subject(list(clients.values())),
        "minimum_acr": _levels(clients),
        "owner": said.get("bridge.owner", ""),
        "contact": said.get("bridge.contact", ""),
        "requestable": said.get("bridge.requestable") == "true",
        "service_accounts": [m for at in here for m in _machines(api, at)],
        **_section(clients[here[0].realm]),
    }
    return {key: value for key, value in document.items() if value or key == "roles"}


def _addresses(client: Document) -> list[str]:
    if client.get("protocol") == "saml":
        return []
    uris = sorted(client.get("redirectUris") or ())
    if client["attributes"].get("bridge.protocol") == "forward-auth":
        return [uri.removesuffix(".idp-bridge/callback") for uri in uris]
    callback = "/apps/callback/"
    return [uri for uri in uris if callback not in uri]


def _claims(clients: Iterable[Document]) -> list[str]:
    released = {claim for client in clients for claim in saml_claims(client)}
    scopes = {scope for client in clients for scope in client.get("defaultClientScopes") or ()}
    return [c for c, scope in CLAIM_SCOPES.items() if scope in scopes or c in released]


def _subject(clients: Iterable[Document]) -> dict[str, str]:
    """Named only where it is the same in every realm: by default it differs."""
    kinds = {_subject_of(client) for client in clients}
    return {"subject": kinds.pop()} if len(kinds) == 1 else {}


def _subject_of(client: Document) -> str:
    if client.get("protocol") == "saml":
        return saml_subject(client)
    if client["attributes"].get("bridge.subject") == "username":
        return "username"
    pairwise = by(client.get("protocolMappers"), "protocolMapper", _PAIRWISE)
    return "pairwise" if pairwise else "id"


def _levels(clients: Mapping[Any, Document]) -> dict[str, str]:
    levels = {realm: c["attributes"].get("minimum.acr.value", "") for realm, c in clients.items()}
    return {realm: saml_level(level) for realm, level in levels.items() if level}


def _section(client: Document) -> dict[str, Any]:
    said = client["attributes"]
    protocol = said.get("bridge.protocol", "")
    section: dict[str, Any] = {}
    if protocol in BRIDGE_SERVED:
        section = json.loads(said.get("bridge.settings") or "{}")
        # A manifest goes into version control, and a secret does not.
        names = {
            realm: f"{client['clientId']}_secret_{realm}" for realm in section.get("secret", ())
        }
        if names:
            section["secret"] = {k: f"${{{v.replace('-', '_')}}}" for k, v in names.items()}
    elif protocol == "oidc":
        after = said.get("post.logout.redirect.uris", "")
        told = {"logout_url": said.get("backchannel.logout.url", ""), "after_logout": after}
        section = {k: v.split("##") if k == "after_logout" else v for k, v in told.items() if v}
    elif protocol == "saml":
        section = saml_section(client)
    return {section_key(protocol): section} if section else {}


def _roles(api: AdminApi, at: AppAt) -> dict[str, Any]:
    listed = api.get(f"{at.base}/clients/{at.uuid}/roles?briefRepresentation=false") or []
    carriers = _carriers(api, at)
    found = {}
    for role in sorted(listed, key=lambda role: str(role["name"])):
        attributes = role.get("attributes") or {}
        names = {
            language: (attributes.get(f"name.{language}") or [role["name"]])[0]
            for language in ("zh", "en")
        }
        given = [*sorted(carriers.get(role["id"], ())), *_posts(api, at, role["name"])]
        found[role["name"]] = {"names": names, **({"from": given} if given else {})}
    return found


def _carriers(api: AdminApi, at: AppAt) -> dict[str, list[str]]:
    """Realm roles by the id of the app's role that they give."""
    found: dict[str, list[str]] = {}
    for role in api.get(f"{at.base}/roles?{_EVERYTHING}") or ():
        if role.get("composite"):
            path = f"{at.base}/roles-by-id/{role['id']}/composites/clients/{at.uuid}"
            for carried in api.get(path) or ():
                found.setdefault(carried["id"], []).append(role["name"])
    return found


def _posts(api: AdminApi, at: AppAt, role: str) -> list[dict[str, str]]:
    """Posts that give the role: as one entry where they are all posts of their role in a unit."""
    path = f"{at.base}/clients/{at.uuid}/roles/{part(role)}/groups?{_EVERYTHING}"
    by_name: dict[str, list[str]] = {}
    for group in api.get(path) or ():
        unit, _, name = group["path"].rpartition("/")
        by_name.setdefault(name, []).append(unit)
    entries = []
    for name, units in sorted(by_name.items()):
        for org in _as_one(api, at.base, name, sorted(units)):
            entries.append({"role": name, "org": org})
    return entries


def _as_one(api: AdminApi, base: str, role: str, units: list[str]) -> list[str]:
    common = units[0].split("/")
    for unit in units[1:]:
        pairs = zip(common, unit.split("/"), strict=False)
        common = [a for a, b in pairs if a == b]
    org = "/".join(common)
    if len(units) > 1 and org:
        everything = posts_of(api, base, PostsOf(role=role, org=org))
        if everything == sorted(f"{unit}/{role}" for unit in units):
            return [org]
    return units


def _machines(api: AdminApi, at: AppAt) -> list[dict[str, Any]]:
    found = []
    for client in machines_of(api, at.base, at.client_id):
        user = api.get(f"{at.base}/clients/{client['id']}/service-account-user")
        roles = api.get(f"{at.base}/users/{user['id']}/role-mappings/clients/{at.uuid}") or ()
        mapper = by(client.get("protocolMappers"), "name", "org units") or {"config": {}}
        posts = json.loads(mapper["config"].get("claim.value") or "[]")
        machine = {
            "id": client["clientId"],
            "realm": at.realm,
            "roles": sorted(role["name"] for role in roles),
            "orgs": sorted({post.rpartition("/")[0] for post in posts}),
        }
        found.append(machine)
    return found
