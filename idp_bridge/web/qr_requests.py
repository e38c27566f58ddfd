"""What the QR pages read from requests and write into answers."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidRequest
from idp_bridge.core.qr_login import StartLimit, Status
from idp_bridge.settings import QrSettings

NO_STORE = {"Cache-Control": "no-store"}
_LONGEST = 16_384


async def said_in(request: Request) -> Mapping[str, Any]:
    """What a small form or JSON body says. Raises ``InvalidRequest``."""
    if int(request.headers.get("content-length") or 0) > _LONGEST:
        raise InvalidRequest("too long")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return await _json(request)
    if kind == "application/x-www-form-urlencoded":
        return dict(await request.form())
    raise InvalidRequest("neither JSON nor a form")


def text_of(said: Mapping[str, Any], name: str, longest: int = 4096) -> str:
    """A text of a JSON object. Raises ``InvalidRequest``."""
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidRequest(f"{name} must be a text")
    return value


def standing(status: Status, clock: Clock) -> dict[str, object]:
    """A status for the page; ``now`` lets it count down although its own clock is wrong (B7)."""
    said: dict[str, object] = {
        "state": str(status.state),
        "ends": status.ends.timestamp(),
        "now": clock().timestamp(),
    }
    if status.frame and status.frame_ends:
        said |= {"frame": status.frame, "frame_ends": status.frame_ends.timestamp()}
    if status.display_name:
        said |= {"name": status.display_name, "digits": status.digits, "tries": status.tries}
    return said


def start_limit(rules: QrSettings, network: str, per_minute: int | None) -> StartLimit:
    """Whom a start counts against; an operator's network behind NAT has its own number (A5)."""
    return StartLimit(
        network=network,
        per_minute=per_minute or rules.starts_per_address,
        browser_per_hour=rules.starts_per_browser,
        kiosk_per_minute=rules.starts_per_kiosk,
    )


def set_cookie(answer: Response, name: str, value: str, max_age: int | None = None) -> None:
    """A cookie with every protection there is; without ``max_age`` it ends with the browser."""
    answer.set_cookie(
        name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="lax"
    )


def form_policy(*targets: str) -> dict[str, str]:
    """The header of a page with a form whose answer leads on to other origins.

    Browsers hold the redirects after a form to ``form-action`` as well.
    """
    origins = {
        f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, targets) if parts.netloc
    }
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {' '.join(sorted(origins))}"
    )
    return {"Content-Security-Policy": policy}


async def _json(request: Request) -> Mapping[str, Any]:
    try:
        value = await request.json()
    except ValueError:
        raise InvalidRequest("not JSON") from None
    if not isinstance(value, dict):
        raise InvalidRequest("not a JSON object")
    return value
