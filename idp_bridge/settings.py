"""Everything an operator can set, in one frozen object read from a file and the environment.

The file is YAML, named by ``--config`` or ``IDP_BRIDGE_CONFIG``; a variable ``IDP_BRIDGE_NAME``
(nested: ``IDP_BRIDGE_QR__FLOW_TTL``) wins over it. Unknown keys are refused in both, and so is a
secret that anybody could guess.
"""

import os
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator

PREFIX = "IDP_BRIDGE_"
_GUESSABLE = {"", "changeme", "change-me", "secret", "password", "admin", "default", "test"}

Network = IPv4Network | IPv6Network


def _seconds(default: int, low: int, high: int) -> Any:
    return Field(
        default=timedelta(seconds=default), ge=timedelta(seconds=low), le=timedelta(seconds=high)
    )


class Frozen(BaseModel, frozen=True, extra="forbid"):
    """A section of the settings."""


class QrSettings(Frozen):
    """QR login; names and defaults as in the requirements L1-A5, durations in seconds."""

    frame_rotate: timedelta = _seconds(10, 1, 30)
    flow_ttl: timedelta = _seconds(180, 30, 300)
    approve_ttl: timedelta = _seconds(90, 30, 180)
    claim_ttl: timedelta = _seconds(30, 10, 60)
    hold_ttl: timedelta = _seconds(90, 30, 180)
    check_ttl: timedelta = _seconds(60, 30, 120)
    think_time: timedelta = _seconds(2, 0, 10)
    poll_min: timedelta = _seconds(2, 1, 10)
    max_auth_age: timedelta = _seconds(12 * 3600, 60, 24 * 3600)
    digits: Annotated[int, Field(ge=4, le=8)] = 4
    check_tries: Annotated[int, Field(ge=1, le=5)] = 3
    kiosk_radius: Annotated[int, Field(ge=10, le=5000)] = 300
    kiosk_idle: timedelta = _seconds(120, 30, 900)
    kiosk_max: timedelta = _seconds(900, 60, 3600)
    session_life: timedelta = _seconds(8 * 3600, 300, 24 * 3600)
    remember_browser: timedelta = _seconds(90 * 86400, 0, 365 * 86400)
    starts_per_address: Annotated[int, Field(ge=1)] = 20
    starts_per_browser: Annotated[int, Field(ge=1)] = 60
    starts_per_kiosk: Annotated[int, Field(ge=1)] = 30


class OpClientSettings(Frozen):
    """A client of the bridge's OpenID Provider."""

    client_id: str
    realm: Literal["residents", "workers"] = "residents"
    redirect_uris: tuple[str, ...]
    auth_method: Literal["private_key_jwt", "client_secret_basic", "client_secret_post"]
    keycloak: bool = False
    require_pkce: bool = True
    client_secret: SecretStr = SecretStr("")
    jwks_uri: str = ""
    jwks: dict[str, Any] | None = None
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    scopes: tuple[str, ...] = ("openid", "profile")
    signing_alg: Literal["RS256", "ES256"] = "RS256"
    level: Literal["", "qr", "activation"] = ""


class NamedNetwork(Frozen):
    """A network the operator knows: what people call it, and limits of its own behind NAT (A5)."""

    network: Network
    zh: str
    en: str
    starts_per_minute: Annotated[int, Field(ge=1)] | None = None
    hosting: bool = False


class Settings(Frozen):
    """All of it. URLs are origins (scheme, host, port) without a trailing slash."""

    issuer: str
    resident_url: str
    worker_url: str
    admin_url: str
    keycloak_url: str
    keycloak_internal_url: str = ""
    bridge_client_secrets: dict[Literal["residents", "workers"], SecretStr]
    secret_key: SecretStr
    keys_folder: Path
    redis_url: SecretStr
    database_url: SecretStr
    listen: tuple[str, ...] = ("127.0.0.1:8400",)
    clients: tuple[OpClientSettings, ...] = ()
    qr: QrSettings = QrSettings()
    networks: tuple[NamedNetwork, ...] = ()
    geo_database: Path | None = None
    trusted_proxies: tuple[Network, ...] = ()
    # Where proxies ask about every request (forward-auth): host:port, or unix:/path. Nobody but
    # ``gate_trusted_proxies`` may ask there; at a Unix socket the file's permissions say who may.
    gate_listen: tuple[str, ...] = ()
    gate_trusted_proxies: tuple[Network, ...] = ()
    # Where Envoy asks over gRPC.
    grpc_listen: str = ""
    # Private networks that apps live in: logout calls and CAS proxy callbacks may go there.
    reachable_networks: tuple[Network, ...] = ()
    ca_file: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    scriptable_phone: bool = False
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="after")
    def _require_trusted_proxies(self) -> "Settings":
        at_ports = any(not a.startswith("unix:") for a in self.gate_listen) or self.grpc_listen
        if at_ports and not self.gate_trusted_proxies:
            raise ValueError("gate_trusted_proxies must name the proxies that may ask the gate")
        return self

    @model_validator(mode="after")
    def _refuse_guessable_secrets(self) -> "Settings":
        secrets = {"secret_key": self.secret_key} | {
            f"bridge_client_secrets.{realm}": secret
            for realm, secret in self.bridge_client_secrets.items()
        }
        for name, secret in secrets.items():
            value = secret.get_secret_value()
            if value.lower() in _GUESSABLE or len(value) < 32:
                raise ValueError(f"{name} must be a random secret of 32 characters or more")
        return self


class SettingsError(Exception):
    """The settings cannot be used; the message names the key and holds no value."""


def load(file: Path | None = None, environ: dict[str, str] | None = None) -> Settings:
    """Read the settings. Raises ``SettingsError`` with one line per problem."""
    environment = dict(os.environ) if environ is None else environ
    chosen = file or (Path(p) if (p := environment.get(f"{PREFIX}CONFIG")) else None)
    values: dict[str, Any] = {}
    if chosen is not None:
        values = _read(chosen)
    _merge(values, _from_environment(environment))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from None


def _line(problem: Any) -> str:
    place = ".".join(map(str, problem["loc"])) or "settings"
    return f"{place}: {problem['msg']}"


def _read(file: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{file}: cannot be read ({type(error).__name__})") from None
    if not isinstance(loaded, dict):
        raise SettingsError(f"{file}: must hold keys and values")
    return loaded


def _from_environment(environ: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name == f"{PREFIX}CONFIG":
            continue
        *sections, key = name.removeprefix(PREFIX).lower().split("__")
        section = values
        for part in sections:
            section = section.setdefault(part, {})
        section[key] = yaml.safe_load(text) if text[:1] in "[{" else text
    return values


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
