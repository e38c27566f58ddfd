r"""Sign-in, rights that are followed, and sign-out of one app, for every framework alike.

    /login/<realm> --> Keycloak --> /callback/<realm> --> session --(every 2 s)--> read again
                                                             \--- /logout, back-channel --> gone

Each realm has its own callback, so that an answer of one can never finish a sign-in at the other
(RFC 9700, 4.4). People are keyed by (issuer, subject); two realms are never merged.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from idp_bridge_adapters.app import App
from idp_bridge_adapters.attempts import Attempt, Attempts, attempt
from idp_bridge_adapters.errors import (
    LogoutRefused,
    SignedOut,
    SignInFailed,
    TooWeak,
    UnknownRealm,
    Unreachable,
)
from idp_bridge_adapters.issuer import Issuer
from idp_bridge_adapters.keys import Keys, KeysUnavailable
from idp_bridge_adapters.principal import Principal, acr_reaches
from idp_bridge_adapters.sessions import Held, Session, Sessions
from idp_bridge_adapters.steps import Blocking, Pause, Steps
from idp_bridge_adapters.tokens import AcrTooLow, LogoutToken, TokenRefused, Trust, Verifier
from idp_bridge_adapters.web import SAFE, Asked, Cookie, Reply, safe_next

READING = timedelta(seconds=10)
_PAUSE = 0.02
_PAUSES = int(READING.total_seconds() / _PAUSE) + 50


def now() -> datetime:
    return datetime.now(UTC)


class Flow:
    """All of one app's sign-on. ``keys`` gives the keys of an issuer."""

    def __init__(
        self, app: App, keys: Callable[[str], Keys], clock: Callable[[], datetime] = now
    ) -> None:
        self.app = app
        self._clock = clock
        self._sessions = Sessions(app.kept_for)
        self._attempts = Attempts(f"{app.cookie}-in")
        self._issuers = {at.realm: Issuer(at) for at in app.registrations}
        self._verifier = Verifier(
            [Trust(at.issuer, at.client_id, keys(at.issuer)) for at in app.registrations],
            minimum_acr=app.minimum_acr,
            algorithms=app.algorithms,
            machines=app.machines,
            clock=clock,
        )

    def login(
        self, asked: Asked, realm: str, *, after: str, acr: str | None = None
    ) -> Steps[Reply]:
        """Send the browser to ``realm``; afterwards it is at ``after``, a path of this app."""
        new = attempt(realm, after, acr)
        query = {
            "redirect_uri": self.app.callback(realm),
            "state": new.state,
            "nonce": new.nonce,
            **({"acr_values": acr} if acr else {}),
        }
        url = yield from self._issuer(realm).authorize_url(query, new.verifier)
        return Reply(302, location=url, cookies=(self._attempts.adding(asked, new),))

    def callback(self, asked: Asked, realm: str) -> Steps[Reply]:
        """Finish the sign-in that this browser began; the session's id is new each time."""
        issuer = self._issuer(realm)
        begun, cookie = self._attempts.taking(asked, asked.once("state") or "")
        if begun is None or begun.realm != realm:
            raise SignInFailed("this browser began no such sign-in")
        code = yield from self._code(asked, issuer)
        tokens = yield from issuer.tokens(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.app.callback(realm),
            code_verifier=begun.verifier,
        )
        try:
            person = yield from self._read_in(tokens["id_token"], issuer, begun)
        except TooWeak as weak:
            if begun.acr is not None:
                raise
            reply = yield from self.login(asked, realm, after=begun.next, acr=weak.required)
            return reply
        held = yield from self._sessions.find(asked.cookies.get(self.app.cookie))
        if held is not None:
            yield from self._sessions.end(held)
        session = Session(person, tokens["refresh_token"], tokens["id_token"], self._clock())
        session_id = yield from self._sessions.begin(session)
        cookies = (cookie, Cookie(self.app.cookie, session_id))
        return Reply(302, location=safe_next(begun.next), cookies=cookies)

    def current(self, asked: Asked) -> Steps[Principal]:
        """Who is here, by what Keycloak said at most ``fresh_for`` ago; raises ``SignedOut``.

        A request that changes something has to come from this app's own pages.
        """
        if asked.method not in SAFE:
            asked.check_origin(self.app.base_url)
        for _ in range(_PAUSES):
            held = yield from self._sessions.find(asked.cookies.get(self.app.cookie))
            if held is None or self.app.at(held.session.person.realm) is None:
                raise SignedOut("no session")
            moment = self._clock()
            if held.session.is_fresh(moment, self.app.fresh_for):
                return held.session.person
            until = held.session.reading_until
            if until is not None and moment < until <= moment + READING:
                yield Pause(_PAUSE)
                continue
            # Of all callers and copies, the one that gets its mark in reads; the others wait.
            marked = replace(held.session, reading_until=moment + READING)
            mine = yield from self._sessions.change(held, marked)
            if mine is not None:
                person = yield from self._read_again(mine)
                return person
        raise Unreachable("the rights are being read for too long")

    def machine(self, token: str) -> Steps[Principal]:
        """Which machine calls with this access token; raises ``SignedOut``."""
        try:
            work = partial(self._verifier.verify_machine_token, token)
            machine: Principal = yield from self._verified(work)
        except TokenRefused as error:
            raise SignedOut(error.reason) from error
        return machine

    def logout(self, asked: Asked) -> Steps[Reply]:
        """End the session here, and send the browser to end it at Keycloak; only from a form."""
        asked.check_origin(self.app.base_url)
        held = yield from self._sessions.find(asked.cookies.get(self.app.cookie))
        gone = Cookie(self.app.cookie, "")
        if held is None:
            return Reply(303, location=self.app.signed_out_path, cookies=(gone,))
        yield from self._sessions.end(held)
        query = {
            "id_token_hint": held.session.id_token,
            "post_logout_redirect_uri": self.app.base_url + self.app.signed_out_path,
        }
        url = yield from self._issuer(held.session.person.realm).end_url(query)
        return Reply(303, location=url, cookies=(gone,))

    def backchannel(self, logout_token: str) -> Steps[Reply]:
        """A back-channel logout of either realm: the sessions are gone when this answers."""
        try:
            named: LogoutToken = yield from self._verified(
                lambda: self._verifier.verify_logout_token(logout_token)
            )
        except TokenRefused as error:
            raise LogoutRefused(error.reason) from error
        yield from self._sessions.end_named(named)
        return Reply(200, "{}")

    def _issuer(self, realm: str) -> Issuer:
        if realm not in self._issuers:
            raise UnknownRealm("no such realm")
        return self._issuers[realm]

    def _code(self, asked: Asked, issuer: Issuer) -> Steps[str]:
        said, strict = asked.once("iss"), (yield from issuer.names_itself())
        if said != issuer.registration.issuer and (said is not None or strict):
            raise SignInFailed("the answer is another issuer's")
        code, error = asked.once("code"), asked.once("error")
        if error is not None or not code:
            raise SignInFailed((error or "no code")[:40])
        return code

    def _read_in(self, token: str, issuer: Issuer, begun: Attempt) -> Steps[Principal]:
        name, nonce = issuer.registration.issuer, begun.nonce
        try:
            person: Principal = yield from self._verified(
                lambda: self._verifier.verify_id_token(token, issuer=name, nonce=nonce)
            )
        except AcrTooLow as error:
            raise TooWeak(begun.realm, begun.acr or error.required) from error
        except TokenRefused as error:
            raise SignInFailed(error.reason) from error
        demand_acr(person, begun.acr or self.app.minimum_acr)
        return person

    def _read_again(self, mine: Held) -> Steps[Principal]:
        asked_at = self._clock()
        try:
            tokens = yield from self._refreshed(mine.session)
            person: Principal = yield from self._verified(
                lambda: self._verifier.verify_refreshed(tokens["id_token"], was=mine.session.person)
            )
        except (SignInFailed, TokenRefused) as error:
            yield from self._sessions.end(mine)
            raise SignedOut("the session is over at the issuer") from error
        except Unreachable:
            yield from self._sessions.change(mine, replace(mine.session, reading_until=None))
            raise
        session = Session(person, tokens["refresh_token"], tokens["id_token"], asked_at)
        if (yield from self._sessions.change(mine, session)) is None:
            raise SignedOut("ended meanwhile")
        return person

    def _refreshed(self, session: Session) -> Steps[Mapping[str, str]]:
        issuer = self._issuer(session.person.realm)
        tokens = yield from issuer.tokens(
            grant_type="refresh_token", refresh_token=session.refresh_token
        )
        return tokens

    @staticmethod
    def _verified(work: Callable[[], Any]) -> Steps[Any]:
        try:
            return (yield Blocking(work))
        except KeysUnavailable as error:
            raise Unreachable("no keys") from error


def demand_acr(person: Principal, acr: str) -> None:
    """Raises ``TooWeak`` below ``acr``: Keycloak does not enforce it."""
    if not acr_reaches(person.acr, acr):
        raise TooWeak(person.realm, acr)
