"""What the pages of a stack are made of: texts in two languages, templates, the portals' look."""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
import zxingcpp
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

LANGUAGES = ("zh", "en")
_HERE = Path(__file__).resolve().parent
# The style sheet and the icons are the portals' own files, read as data.
_LOOK = Path(str(files("idp_bridge"))) / "web" / "static"
_LINK = re.compile(r"\[([^\]]+)\]\(([a-z_]+)\)")
_CODE = re.compile(r"`([^`]+)`")
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_environment = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True
)


@cache
def texts(language: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        (_HERE / "texts" / f"{language}.yaml").read_text(encoding="utf-8")
    )
    return loaded


def language_of(request: Request) -> str:
    """Asked for in the address, or the first one the browser names; Chinese otherwise."""
    asked = request.query_params.get("lang", "")
    accepted = request.headers.get("accept-language", "").lower()
    preferred = "en" if accepted.startswith("en") else "zh"
    return asked if asked in LANGUAGES else preferred


def rendered(request: Request, template: str, **context: Any) -> Response:
    """A page with headers that let nothing foreign in."""
    language = language_of(request)
    page = _environment.get_template(template).render(
        t=texts(language), lang=language, icon=icon, **context
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(page, headers=headers)


def icon(name: str) -> Markup:
    drawn = Markup('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>')
    return drawn.format(f"/look/icons.svg#{name}")


def linked(text: str, urls: dict[str, str]) -> Markup:
    """A text with `[words](name of an address)` as links and `code` to copy.

    An address that this stack does not have, of an app that was left out, gives the words alone.
    """
    safe = _LINK.sub(lambda m: _link(m[1], urls.get(m[2], "")), str(escape(text)))
    return Markup(_CODE.sub(r'<code data-copy="\1">\1</code>', safe))  # noqa: S704


def _link(words: str, address: str) -> str:
    if not address:
        return words
    return f'<a href="{escape(address)}" target="_blank" rel="noopener">{words}</a>'


def qr_code(text: str) -> Markup:
    """A QR code as SVG, dark on white with its quiet zone."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    drawn: str = zxingcpp.write_barcode_to_svg(code)
    # Its size is left to the style sheet.
    scalable = re.sub(r'width="(\d+)" height="(\d+)"', r'viewBox="0 0 \1 \2"', drawn, count=1)
    return Markup(scalable[scalable.index("<svg") :])  # noqa: S704


def files_routes() -> list[Mount | Route]:
    """The style sheets, scripts and icons that these pages use."""
    return [
        Mount("/look", StaticFiles(directory=_LOOK)),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]
