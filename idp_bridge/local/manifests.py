"""The data in ``realms/`` as the stack needs it: the demo people, and the apps to run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp_bridge.local.errors import WrongInput
from idp_bridge.manifests.reading import ManifestError, load_manifest, read_yaml

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Manifest:
    """An app as its manifest describes it. ``example`` is its folder in ``adapters/examples``."""

    id: str
    names: dict[str, str]
    realms: tuple[str, ...]
    protocol: str
    roles: dict[str, tuple[str, ...]]
    urls: dict[str, str]
    example: str

    @property
    def key(self) -> str:
        """The id as part of a placeholder's name."""
        return self.id.replace("-", "_")

    def secret_names(self) -> dict[str, str]:
        """Realm -> name of the client's secret there."""
        return {realm: f"{self.key}_secret_{realm}" for realm in self.realms}


def realms_folder() -> Path:
    """Beside the sources, or inside the installed package."""
    installed = _PACKAGE / "_realms"
    return installed if installed.is_dir() else _PACKAGE.parent / "realms"


def examples_folder() -> Path:
    """The example apps are part of the source tree only."""
    folder = _PACKAGE.parent / "adapters" / "examples"
    if not folder.is_dir():
        raise WrongInput("`up` runs the example apps of the source tree: start it in a checkout")
    return folder


def demo_people() -> list[dict[str, Any]]:
    people: list[dict[str, Any]] = _read(realms_folder() / "people.yaml")
    return people


def manifests(more: Iterable[Path] = ()) -> list[Manifest]:
    """The apps of ``realms/apps`` and those that the operator added."""
    files = [*sorted((realms_folder() / "apps").glob("*.yaml")), *more]
    return [_manifest(file) for file in files]


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text of a manifest with its ``${name}`` placeholders filled in."""
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


class _StandIns(dict[str, str]):
    """Something for every ``${name}``, so that a manifest can be judged before its values exist."""

    def __missing__(self, name: str) -> str:
        return f"{name:-<43}" if "secret" in name else f"https://{name.replace('_', '-')}.example"


def _manifest(file: Path) -> Manifest:
    try:
        declared, app = read_yaml(file), load_manifest(file, _StandIns())
    except ManifestError as error:
        raise WrongInput(str(error)) from None
    return Manifest(
        id=app.id,
        names=app.names.model_dump(),
        realms=app.realms,
        protocol=app.protocol,
        roles={realm: tuple(roles) for realm, roles in app.roles.items()},
        # Addresses that are only known once every port is.
        urls={realm: str(url) for realm, url in declared["url"].items()},
        example=app.example,
    )


def _read(file: Path) -> Any:
    try:
        return read_yaml(file)
    except ManifestError as error:
        raise WrongInput(str(error)) from None
