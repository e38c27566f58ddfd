"""Signs somebody in on Keycloak's own pages: name, password, one-time code."""

import base64
import hmac
import struct
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from idp_bridge.admission.browser import Browser, Page, Stop
from idp_bridge.admission.markup import Form
from idp_bridge.core.admission import CheckPerson
from idp_bridge.core.clock import Clock

_MOST_PAGES = 6
_STEP = 30


def by_password(keycloak: str) -> "_Rewrite":
    """Has Keycloak at ``keycloak`` show its password page, also where a scan comes first."""
    return _Rewrite(keycloak)


class _Rewrite:
    def __init__(self, keycloak: str) -> None:
        self._keycloak = keycloak

    def __call__(self, url: str) -> str:
        parts = urlsplit(url)
        asked = parse_qsl(parts.query, keep_blank_values=True)
        signs_in = parts.path.endswith("/protocol/openid-connect/auth")
        if not url.startswith(f"{self._keycloak}/") or not signs_in:
            return url
        if "kc_idp_hint" in dict(asked):
            return url
        return urlunsplit(parts._replace(query=urlencode([*asked, ("kc_idp_hint", "")])))


class KeycloakPages:
    """Fills in whatever form of a sign-in comes, as far as the person can."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def sign_in(
        self, browser: Browser, page: Page, person: CheckPerson, *, stop: Stop | None = None
    ) -> Page:
        """Where the person gets to; still a page of Keycloak's when more is asked of them."""
        done: set[str] = set()
        for _ in range(_MOST_PAGES):
            form = None if page.held else _sign_in_form(page)
            if form is None:
                return page
            values = self._values(form, person)
            # The same question again: the answer was not taken.
            if not values or values.keys() <= done:
                return page
            done |= values.keys()
            page = await browser.fill_in(page, form, values, stop=stop)
        return page

    def _values(self, form: Form, person: CheckPerson) -> dict[str, str]:
        known = {"username": person.username, "password": person.password}
        if person.totp:
            known["otp"] = one_time_code(person.totp, self._clock())
        visible = {name for name, kind in form.kinds.items() if kind != "hidden"}
        return {name: value for name, value in known.items() if name in visible}


def one_time_code(secret: str, at: datetime) -> str:
    """The code of RFC 6238 for one moment; ``secret`` is base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(at.timestamp()) // _STEP), "sha1")
    offset = mac[-1] & 15
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def _sign_in_form(page: Page) -> Form | None:
    for form in page.markup.forms:
        if "/login-actions/authenticate" in form.action:
            return form
    return None
