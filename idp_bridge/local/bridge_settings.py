"""The settings of a stack's bridge, made from ports, origins and kept secrets at every start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from idp_bridge.local.errors import WrongInput
from idp_bridge.local.folder import Folder
from idp_bridge.local.origins import Origins

SECRETS = (
    "admin",
    "redis",
    "ldap_admin",
    "ldap_reader",
    "secret_key",
    "bridge_client_residents",
    "bridge_client_workers",
)
_APPS = "apps"
_CLIENTS = "clients"


def write_settings(
    folder: Folder, origins: Origins, secrets: Mapping[str, str], more: Mapping[str, Any]
) -> Path:
    """Write ``bridge.yaml``; ``more``, the operator's file, wins, and its clients are added."""
    values = _generated(folder, origins, secrets)
    _merge(values, {k: v for k, v in more.items() if k not in (_APPS, _CLIENTS)})
    values[_CLIENTS] += more.get(_CLIENTS, [])
    return folder.write_text("bridge.yaml", yaml.safe_dump(values, allow_unicode=True))


def read_more(file: Path | None) -> dict[str, Any]:
    """The operator's file: any setting, and ``apps``, a list of manifests beside it."""
    if file is None:
        return {}
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise WrongInput(f"--config {file} cannot be read ({type(error).__name__})") from None
    if not isinstance(values, dict) or not isinstance(values.get(_CLIENTS, []), list):
        raise WrongInput(f"--config {file} must hold keys and values, and `clients` a list")
    return values


def more_manifests(file: Path | None, more: Mapping[str, Any]) -> list[Path]:
    """The added manifests; their paths count from the operator's file."""
    beside = file.resolve().parent if file else Path()
    return [beside / path for path in more.get(_APPS, [])]


def _generated(folder: Folder, origins: Origins, secrets: Mapping[str, str]) -> dict[str, Any]:
    ports, host = origins.ports, origins.host
    values: dict[str, Any] = {
        "issuer": origins.bridge,
        "resident_url": origins.resident,
        "worker_url": origins.worker,
        "admin_url": origins.admin,
        "keycloak_url": origins.keycloak,
        "keycloak_internal_url": origins.keycloak_internal,
        "bridge_client_secrets": {
            realm: secrets[f"bridge_client_{realm}"] for realm in ("residents", "workers")
        },
        "secret_key": secrets["secret_key"],
        "keys_folder": str(folder.part("keys")),
        "redis_url": f"redis://:{secrets['redis']}@127.0.0.1:{ports.redis}/0",
        "database_url": f"sqlite+aiosqlite:///{folder.file('bridge.db')}",
        "listen": [
            f"{host}:{port}" for port in (ports.bridge, ports.resident, ports.worker, ports.admin)
        ],
        "clients": [_keycloak_client(origins.keycloak, way) for way in ("qr", "activation")],
        "gate_listen": [f"127.0.0.1:{ports.gate}"],
        "gate_trusted_proxies": ["127.0.0.1/32"],
        "scriptable_phone": True,
        # The apps of this stack are told of a logout on this machine.
        "reachable_networks": ["127.0.0.0/8", "::1/128", f"{host}/32"],
    }
    if origins.public:
        # The proxy runs on this machine; what it says about the browser's address is believed.
        values["trusted_proxies"] = ["127.0.0.0/8"]
    if origins.certificate:
        values["tls_certificate"] = str(origins.certificate)
        values["tls_key"] = str(origins.certificate_key)
    if origins.ca_file:
        values["ca_file"] = str(origins.ca_file)
    return values


def _keycloak_client(keycloak: str, way: str) -> dict[str, Any]:
    """Keycloak's realm of residents is a client of the bridge's OP, once for each way in."""
    realm = f"{keycloak}/realms/residents"
    endpoint = f"{realm}/broker/{way}/endpoint"
    return {
        "client_id": "keycloak-residents" if way == "qr" else "keycloak-activation",
        "level": way,
        "realm": "residents",
        "keycloak": True,
        "auth_method": "private_key_jwt",
        "jwks_uri": f"{realm}/protocol/openid-connect/certs",
        "redirect_uris": [endpoint],
        "post_logout_redirect_uris": [f"{endpoint}/logout_response"],
        "backchannel_logout_uri": f"{realm}/protocol/openid-connect/logout/backchannel-logout",
    }


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
