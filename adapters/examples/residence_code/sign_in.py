r"""Signing in by a ticket: the browser goes to the bridge, and comes back posting a form.

    /login/<realm> --state in a cookie--> bridge --ticket, state--> /signed-in --> session

The state cookie is ``SameSite=None``, for the form comes from the bridge's site; the session cookie
need not be. People are keyed by realm and subject.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from common.sessions import Sessions

from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.signed_ticket import Arrived, SignedTickets
from idp_bridge_adapters.tokens import TokenRefused


class SignedOut(Exception):
    """Nobody is signed in here, or no longer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the app finds the bridge, and what it is called there."""

    bridge: str
    client_id: str
    app_url: str

    @property
    def service(self) -> str:
        """The one address that tickets of this app are for."""
        return f"{self.app_url}/signed-in"


class SignIn:
    """Begin, finish and end sign-ins."""

    def __init__(self, place: Place, tickets: SignedTickets, realms: Sequence[str]) -> None:
        self.realms = tuple(realms)
        self._place = place
        self._tickets = tickets
        self._sessions: Sessions[Arrived] = Sessions()

    def begin(self, realm: str) -> tuple[str, str]:
        """Where to send the browser, and the state that it has to keep."""
        state = f"{realm}.{secrets.token_urlsafe(24)}"
        asked = {
            "app": self._place.client_id,
            "service": self._place.service,
            "state": state,
            "realm": realm,
        }
        return f"{self._place.bridge}/ticket/sign-in?{urlencode(asked)}", state

    def finish(self, ticket: str, state: str, kept: str) -> str:
        """A new session's id. Raises ``TokenRefused`` for any but the attempt of this browser."""
        if not kept or not secrets.compare_digest(state.encode(), kept.encode()):
            raise TokenRefused("another browser's attempt")
        arrived = self._tickets.verify(ticket, state=kept)
        if arrived.person.realm != kept.partition(".")[0]:
            raise TokenRefused("another realm than the one chosen")
        return self._sessions.begin(arrived)

    def current(self, session_id: str | None) -> Principal:
        """Who is there. Raises ``SignedOut``."""
        held = self._sessions.get(session_id)
        if held is None:
            raise SignedOut
        return held.person

    def end(self, session_id: str | None) -> str:
        """Forget the session; where to send the browser to end the single sign-on as well."""
        held = self._sessions.end(session_id)
        after = f"{self._place.app_url}/signed-out"
        if held is None:
            return after
        asked = {"app": self._place.client_id, "service": after, "jti": held.jti}
        return f"{self._place.bridge}/ticket/sign-out?{urlencode(asked)}"

    def end_named(self, logout_token: str) -> None:
        """The bridge says that a session is over. Raises ``TokenRefused``."""
        over = self._tickets.verify_logout(logout_token)
        self._sessions.end_where(lambda held: over.ends(held.person))
