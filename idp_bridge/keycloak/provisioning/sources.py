"""Reading `realms/`: YAML with ``${name}`` filled in from the settings and the given values."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

# `$${` stands for `${` itself.
_PLACEHOLDER = re.compile(r"\$?\$\{([a-z0-9_]+)\}")

Realm = Literal["residents", "workers"]


class SourceError(Exception):
    """A file of `realms/` cannot be used; the message says which and why."""


class Missing(SourceError):
    """A ``${name}`` has no value."""


class _Declared(BaseModel, frozen=True, extra="forbid"):
    pass


class AppRole(_Declared):
    """A role of an app: what it is called, and which realm roles carry it."""

    names: dict[Literal["zh", "en"], str]
    held_by: tuple[str, ...] = Field(alias="from")


class AppManifest(_Declared):
    """One app: one Keycloak client per realm with the same id."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")
    names: dict[Literal["zh", "en"], str]
    icon: str
    group: str
    realms: tuple[Realm, ...]
    protocol: str = "oidc"
    url: dict[Realm, str]
    redirect_uris: dict[Realm, tuple[str, ...]]
    post_logout_redirect_uris: tuple[str, ...]
    backchannel_logout_url: str
    minimum_acr: str = ""
    secret: dict[Realm, str]
    roles: dict[Realm, dict[str, AppRole]]
    example: str = ""


class Person(_Declared):
    """A demo person. ``roles`` of an LDAP person are the groups LDAP holds."""

    username: str = Field(min_length=3)
    name: str
    name_en: str
    given_name: str
    family_name: str
    realm: Realm
    ldap: bool = False
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    story: dict[Literal["zh", "en"], str] = {}


def read_yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SourceError(f"{file.name} cannot be read ({type(error).__name__})") from None


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """``value`` with every ``${name}`` replaced. Raises ``Missing``."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: _lookup(match, values), value)
    if isinstance(value, Mapping):
        return {key: filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, values) for inner in value]
    return value


def _lookup(match: re.Match[str], values: Mapping[str, str]) -> str:
    name = match.group(1)
    if match.group().startswith("$$"):
        return match.group()[1:]
    try:
        return values[name]
    except KeyError:
        raise Missing(f"no value for ${{{name}}}: add it to the values file") from None


def load_apps(files: Iterable[Path], values: Mapping[str, str]) -> tuple[AppManifest, ...]:
    """The app manifests, in the order of their files."""
    apps = []
    for file in files:
        try:
            apps.append(AppManifest.model_validate(filled(read_yaml(file), values)))
        except ValidationError as error:
            raise SourceError(f"{file.name}: {_first(error)}") from None
        except Missing as error:
            raise SourceError(f"{file.name}: {error}") from None
    return tuple(apps)


def load_people(file: Path) -> tuple[Person, ...]:
    """The demo people."""
    try:
        return tuple(Person.model_validate(entry) for entry in read_yaml(file))
    except ValidationError as error:
        raise SourceError(f"{file.name}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
