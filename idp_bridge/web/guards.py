"""What every POST from a page has to prove: that it came from a page of this origin."""

from starlette.requests import Request

from idp_bridge.core.errors import Forbidden
from idp_bridge.core.secret import same


class CrossSite(Forbidden):
    """A POST that another site's page sent, or one without the session's own CSRF token."""


def check_same_origin(request: Request, origin: str) -> None:
    """Refuse what another origin's page sent (B4).

    Every browser of the last years sends ``Origin`` with a POST; ``Sec-Fetch-Site`` is compared
    as well where it is there. A request with neither comes from no page and is refused.
    """
    sent = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if sent is None and site is None:
        raise CrossSite("neither Origin nor Sec-Fetch-Site")
    if sent is not None and sent != origin:
        raise CrossSite("Origin is another")
    if site is not None and site != "same-origin":
        raise CrossSite(f"Sec-Fetch-Site is {site!r}")


async def check_csrf(request: Request, expected: str) -> None:
    """Refuse a POST without the session's token in field ``csrf`` or ``X-CSRF-Token``."""
    sent = request.headers.get("x-csrf-token")
    if sent is None and _is_form(request):
        sent = str((await request.form()).get("csrf", ""))
    if not same(sent or "", expected):
        raise CrossSite("CSRF token is missing or another session's")


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("application/x-www-form-urlencoded", "multipart/form-data")
