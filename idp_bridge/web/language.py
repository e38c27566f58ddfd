"""The texts of every page, in each language, from one YAML file per section and language."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from idp_bridge.core.pages import LANGUAGES

_FOLDER = Path(__file__).parent / "texts"

Translate = Callable[..., str]


@cache
def texts(language: str) -> Mapping[str, str]:
    """Every text of ``language`` by its dotted key."""
    found: dict[str, str] = {}
    for file in sorted(_FOLDER.glob(f"*.{language}.yaml")):
        for key, text in _flat("", yaml.safe_load(file.read_text("utf-8")) or {}).items():
            if key in found:
                raise ValueError(f"{file.name} says {key} a second time")
            found[key] = text
    return found


def translator(language: str) -> Translate:
    """A function that gives the text of a key with ``{names}`` filled in; unknown keys raise."""
    known = texts(language if language in LANGUAGES else LANGUAGES[0])

    def translate(key: str, **names: object) -> str:
        text = known[key]
        return text.format(**names) if names else text

    return translate


def _flat(prefix: str, tree: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(f"{prefix}{key}.", value)
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
