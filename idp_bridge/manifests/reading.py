"""Manifests from files: YAML with ``${name}`` filled in. An error says which file, key and what."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from idp_bridge.manifests.manifest import AppManifest

# `$${` stands for `${` itself.
_PLACEHOLDER = re.compile(r"\$?\$\{([a-z0-9_]+)\}")
_SECRET = ("secret", "password", "token")


class ManifestError(Exception):
    """A file cannot be used; the message says which, where in it, why, and what to do."""


class Missing(ManifestError):
    """A ``${name}`` has no value."""


def load_manifests(files: Iterable[Path], values: Mapping[str, str]) -> tuple[AppManifest, ...]:
    """The manifests in ``files``, in that order. Raises ``ManifestError``."""
    found = tuple(load_manifest(file, values) for file in files)
    ids = [app.id for app in found]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ManifestError(f"two manifests have the id {twice[0]}: rename one")
    return found


def load_manifest(file: Path, values: Mapping[str, str]) -> AppManifest:
    """One manifest. Raises ``ManifestError`` with a line for every problem in it."""
    declared = read_yaml(file)
    if not isinstance(declared, dict):
        raise ManifestError(f"{file.name}: must be keys and values, beginning with `id:`")
    _check_secrets(declared, file)
    try:
        return _with_metadata(AppManifest.model_validate(filled(declared, values)), file)
    except ValidationError as error:
        lines = [f"{file.name}: {problem}" for problem in problems(error)]
        raise ManifestError("\n".join(lines)) from None
    except Missing as error:
        raise Missing(f"{file.name}: {error}") from None


def _check_secrets(declared: Mapping[str, Any], file: Path) -> None:
    """A manifest is shown and published: no secret but its own app's may be filled in."""
    own = f"{declared.get('id')}_".replace("-", "_")
    for name in sorted(_placeholders(declared)):
        if any(word in name for word in _SECRET) and not name.startswith(own):
            raise ManifestError(
                f"{file.name}: ${{{name}}} is another's: an app's secrets are called {own}secret..."
            )


def _placeholders(value: Any) -> set[str]:
    if isinstance(value, str):
        return {match.group(1) for match in _PLACEHOLDER.finditer(value)}
    if isinstance(value, Mapping):
        return _placeholders(list(value.values()))
    inner = value if isinstance(value, list) else []
    return {name for one in inner for name in _placeholders(one)}


def _with_metadata(app: AppManifest, file: Path) -> AppManifest:
    """SAML metadata named as a file beside the manifest is read in."""
    if app.saml is None or not app.saml.metadata or app.saml.metadata.startswith("https://"):
        return app
    try:
        text = (file.parent / app.saml.metadata).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ManifestError(
            f"{file.name}: saml.metadata: {app.saml.metadata} cannot be read: name a file beside "
            "the manifest, or an https address"
        ) from None
    return app.model_copy(update={"saml": app.saml.model_copy(update={"metadata": text})})


def read_yaml(file: Path) -> Any:
    """What a YAML file says. Raises ``ManifestError``."""
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"{file.name} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ManifestError(f"{file.name} cannot be read: write it in UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ManifestError(f"{file.name}{where}: this is no YAML") from None


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """``value`` with every ``${name}`` replaced. Raises ``Missing``."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: _lookup(match, values), value)
    if isinstance(value, Mapping):
        return {key: filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, values) for inner in value]
    return value


def problems(error: ValidationError) -> list[str]:
    """What is wrong, one line each: the key, and in words what to do about it."""
    return [_problem(one) for one in error.errors()]


_ADVICE = {
    "missing": "is missing: add it",
    "extra_forbidden": "is no key of a manifest: remove it, or look for its spelling",
}


def _problem(said: Any) -> str:
    key = ".".join(str(part) for part in said["loc"]) or "manifest"
    if advice := _ADVICE.get(said["type"]):
        return f"{key} {advice}"
    return f"{key}: {said['msg'].removeprefix('Value error, ')}"


def _lookup(match: re.Match[str], values: Mapping[str, str]) -> str:
    name = match.group(1)
    if match.group().startswith("$$"):
        return match.group()[1:]
    try:
        return values[name]
    except KeyError:
        raise Missing(f"no value for ${{{name}}}: add it to the values file") from None
