"""Forms in and out: what a machine posts to us, and the page that posts to an app by itself."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from idp_bridge.core.pages import Pages
from idp_bridge.incoming import form_text, reader_from, single

# The form goes to the app, and on from there to wherever the app sends the browser.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action *"
)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, each once. Raises ``InvalidRequest`` for any other body."""
    return single(parse_qsl(await form_text(request), keep_blank_values=True))


def posted(request: Request, pages: Pages, action: str, fields: Mapping[str, str]) -> Response:
    """A page that posts ``fields`` to ``action`` at once, by a script of ours or by its button."""
    page = pages.render(
        "oidc/form_post.html", reader_from(request), action=action, fields=dict(fields)
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY}
    return HTMLResponse(page, headers=headers)
