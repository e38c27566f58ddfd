"""Pages from Jinja templates: escaped, translated, with hashed addresses for static files."""

import hashlib
import re
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from idp_bridge.core.pages import Reader
from idp_bridge.web.language import translator

HERE = Path(__file__).parent
STATIC = HERE / "static"


class WebPages:
    """The ``Pages`` of one origin; ``surface`` names it in the header, ``place`` is the district's
    time zone. Static files are below ``base``, where the origin is not all ours."""

    def __init__(self, surface: str, place: str = "Asia/Shanghai", base: str = "") -> None:
        self._surface = surface
        self._zone = ZoneInfo(place)
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "static": partial(static_url, base=base),
            "icon": partial(icon, base=base),
            "visitor": None,
            "base": base,
        }

    def render(self, template: str, reader: Reader, **context: object) -> str:
        """Escaped HTML of ``template`` as ``reader`` reads it."""
        return self._templates.get_template(template).render(
            {
                "t": translator(reader.language),
                "lang": reader.language,
                "reader": reader,
                "surface": self._surface,
                "moment": partial(_moment, zone=self._zone, language=reader.language),
                **context,
            }
        )


def static_url(path: str, base: str = "") -> str:
    """The address of a static file, changed whenever its content changes."""
    return f"{base}/static/{path}?v={_fingerprint(path)}"


def icon(name: str, base: str = "") -> Markup:
    """A drawing from the sprite, for the eye only; a name it lacks gives the plain app icon."""
    drawn = name if name in _drawings() else "app"
    use = Markup('<use href="{}#{}"/>').format(static_url("icons.svg", base), drawn)
    return Markup('<svg class="icon" aria-hidden="true" focusable="false">{}</svg>').format(use)


@cache
def _drawings() -> frozenset[str]:
    sprite = (STATIC / "icons.svg").read_text("utf-8")
    return frozenset(re.findall(r'<symbol id="([a-z-]+)"', sprite))


@cache
def _fingerprint(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def _moment(when: datetime, *, zone: ZoneInfo, language: str) -> str:
    local: Any = when.astimezone(zone)
    if language == "en":
        return f"{local.day} {local:%b}, {local:%H:%M}"
    return f"{local.month}月{local.day}日 {local:%H:%M}"
