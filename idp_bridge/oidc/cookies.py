"""Cookies of the OP origin, read and written in one place."""

import re

from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.cookies import browser_cookie, op_session_cookie
from idp_bridge.core.secret import new_token

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def read(request: Request, name: str) -> str | None:
    """A token from a cookie, or ``None`` when it is not of the form that we make."""
    value = request.cookies.get(name, "")
    return value if _TOKEN.fullmatch(value) else None


def write(response: Response, name: str, value: str) -> None:
    """Set a cookie until the browser closes."""
    response.set_cookie(name, value, secure=True, httponly=True, samesite="lax", path="/")


def forget(response: Response, name: str) -> None:
    """Remove a cookie."""
    response.delete_cookie(name, secure=True, httponly=True, samesite="lax", path="/")


def browser_of(request: Request, issuer: str) -> tuple[str, bool]:
    """The browser's secret, and whether it is new and has to be set (B1)."""
    held = read(request, browser_cookie(issuer))
    return (held, False) if held else (new_token(), True)


def session_of(request: Request, issuer: str, realm: str) -> str | None:
    """The OP session token of ``realm``."""
    return read(request, op_session_cookie(issuer, realm))
