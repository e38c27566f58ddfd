"""Port to Keycloak: which apps exist, and what is set about each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class App:
    """A registered downstream system: a Keycloak client with ``bridge.*`` attributes.

    ``names`` are by language (``zh``, ``en``), and so are those in ``role_names``, which may lack
    a role; ``group`` is the key of a group of tiles. ``redirect_uris`` are as Keycloak holds them:
    exact, or ``https://host/path/*`` for everything below a path. ``state`` is ``draft``,
    ``checked`` or ``admitted``; a suspended app is not ``enabled``. ``subject`` says by what name
    the app is told of people: ``sub`` or ``username``. ``settings`` is what the manifest says about
    the app's protocol.
    """

    realm: str
    client_id: str
    names: Mapping[str, str]
    group: str
    url: str
    protocol: str
    icon: str
    enabled: bool
    roles: frozenset[str] = field(default_factory=frozenset)
    role_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    redirect_uris: tuple[str, ...] = ()
    minimum_acr: str = ""
    logout_url: str = ""
    state: str = "draft"
    subject: str = "sub"
    owner: str = ""
    contact: str = ""
    requestable: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


class Apps(Protocol):
    """The apps of a realm, at most as old as the follower's last word or 60 s."""

    async def of(self, realm: str) -> tuple[App, ...]: ...
