"""Port to the pages that people read, and how a request tells us the way somebody reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

LANGUAGES = ("zh", "en")
_UI_LOCALES = {"zh": "zh-CN", "en": "en"}
LANGUAGE_COOKIE = "__Host-language"
TYPE_COOKIE = "__Host-type"


@dataclass(frozen=True, slots=True)
class Reader:
    """How a person reads: the language, whether in large type, and the page they are on.

    ``here`` is path and query of the page, for the way back after switching language or type.
    """

    language: str = "zh"
    large: bool = False
    here: str = "/"

    @property
    def ui_locales(self) -> str:
        """The language as Keycloak takes it (OpenID Connect Core, 3.1.2.1)."""
        return _UI_LOCALES[self.language]


class Pages(Protocol):
    """Turns a template and facts into HTML; every fact is escaped."""

    def render(self, template: str, reader: Reader, **context: object) -> str: ...


def reader_of(
    headers: Mapping[str, str], cookies: Mapping[str, str], query: Mapping[str, str], here: str
) -> Reader:
    """The first known of: the address (``lang``, ``ui_locales``), cookie, browser; else zh."""
    wishes = (
        query.get("lang", ""),
        query.get("ui_locales", ""),
        cookies.get(LANGUAGE_COOKIE, ""),
        headers.get("accept-language", ""),
    )
    language = next((found for wish in wishes if (found := _first_known(wish))), LANGUAGES[0])
    return Reader(language=language, large=cookies.get(TYPE_COOKIE) == "large", here=here)


def _first_known(wish: str) -> str:
    ranked = []
    for position, part in enumerate(wish.replace(" ", ",").split(",")[:20]):
        tag, _, quality = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            ranked.append((-_quality(quality), position, language))
    return min(ranked)[2] if ranked else ""


def _quality(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=")) if text else 1.0
    except ValueError:
        return 0.0
