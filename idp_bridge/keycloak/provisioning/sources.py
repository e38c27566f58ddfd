"""The demo people of `realms/people.yaml`."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from idp_bridge.manifests.parts import Realm
from idp_bridge.manifests.reading import ManifestError, problems, read_yaml


class _Declared(BaseModel, frozen=True, extra="forbid"):
    pass


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


def load_people(file: Path) -> tuple[Person, ...]:
    """The demo people."""
    try:
        return tuple(Person.model_validate(entry) for entry in read_yaml(file))
    except ValidationError as error:
        raise ManifestError(f"{file.name}: {problems(error)[0]}") from None
