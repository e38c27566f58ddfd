"""Sign-on for Flask apps.

    sign_on = SignOn(App("https://houses.example", (residents, workers)))
    sign_on.init_app(flask)

    @flask.get("/houses")
    @sign_on.require_role(Role.INSPECTOR)
    def houses():
        who = sign_on.current()

It serves ``/login``, ``/login/<realm>``, ``/callback/<realm>``, ``/logout`` (POST) and
``/backchannel-logout``.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, Response, g, request

from idp_bridge_adapters.app import App
from idp_bridge_adapters.errors import SignOnError
from idp_bridge_adapters.front import Demand, Front, Gate, Surroundings
from idp_bridge_adapters.notices import Page
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.steps import Driver, Steps
from idp_bridge_adapters.stores import MemoryStore, Store
from idp_bridge_adapters.web import LONGEST_LOGOUT, Asked, Reply, logout_token

View = TypeVar("View", bound=Callable[..., Any])


class SignOn:
    """``store`` keeps sessions; ``page`` shows notices in the app's own look."""

    def __init__(
        self,
        app: App,
        *,
        store: Store | None = None,
        page: Page | None = None,
        gate: Gate | None = None,
        around: Surroundings | None = None,
    ) -> None:
        reached = around or Surroundings()
        self._front = Front(app, reached, page=page, gate=gate)
        self._driver = Driver(store or MemoryStore(), reached.blocking())
        self._behind_gate = gate is not None

    def init_app(self, flask: Flask) -> None:
        """Add the sign-on's addresses, and the answers to those who are not let in."""
        flask.register_error_handler(SignOnError, self._refused)
        if self._behind_gate:
            return
        flask.add_url_rule("/login", "login", self._login)
        flask.add_url_rule("/login/<realm>", "login_at", self._login_at)
        flask.add_url_rule("/callback/<realm>", "callback", self._callback)
        flask.add_url_rule("/logout", "logout", self._logout, methods=["POST"])
        flask.add_url_rule("/backchannel-logout", "ended", self._backchannel, methods=["POST"])

    def current(self) -> Principal:
        """Who is here, whatever they may do; raises ``SignedOut``. Read once in a request."""
        if "principal" not in g:
            g.principal = self._driver.run(self._front.current(_asked()))
        person: Principal = g.principal
        return person

    def require_role(
        self, *roles: str, org: Callable[[], str] | None = None, acr: str | None = None
    ) -> Callable[[View], View]:
        """A decorator: lets in who holds one of ``roles`` (any if none is named) right now.

        ``org`` says which org unit a request is about: a post has to give the role there.
        """
        return self._admitting(Demand(roles, acr), org)

    def require_machine(
        self, *roles: str, org: Callable[[], str] | None = None
    ) -> Callable[[View], View]:
        """The same for the API: one of the app's ``machines``, by its access token."""
        return self._admitting(Demand(roles, machine=True), org)

    def _admitting(self, demand: Demand, org: Callable[[], str] | None) -> Callable[[View], View]:
        def guarding(view: View) -> View:
            @wraps(view)
            def guarded(*args: Any, **kwargs: Any) -> Any:
                where = org() if org is not None else None
                g.principal = self._driver.run(self._front.admitted(_asked(), demand, where))
                return view(*args, **kwargs)

            return guarded  # type: ignore[return-value]

        return guarding

    def _login(self) -> Response:
        return self._replied(self._front.login(_asked()))

    def _login_at(self, realm: str) -> Response:
        return self._replied(self._front.login_at(_asked(), realm))

    def _callback(self, realm: str) -> Response:
        return self._replied(self._front.flow.callback(_asked(), realm))

    def _logout(self) -> Response:
        return self._replied(self._front.flow.logout(_asked()))

    def _backchannel(self) -> Response:
        token = logout_token(request.stream.read(LONGEST_LOGOUT))
        return self._replied(self._front.flow.backchannel(token))

    def _refused(self, error: SignOnError) -> Response:
        try:
            return self._replied(self._front.refused(_asked(), error))
        except SignOnError as worse:
            return self._replied(self._front.refused(_asked(), worse))

    def _replied(self, steps: Steps[Reply]) -> Response:
        reply = self._driver.run(steps)
        answer = Response(reply.body, reply.status, content_type=f"{reply.kind}; charset=utf-8")
        for name, value in reply.headers():
            answer.headers.add(name, value)
        return answer


def _asked() -> Asked:
    return Asked(
        method=request.method,
        path=quote(request.path, safe="/:@!$&'()*+,;=~-._"),
        query=request.query_string.decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        cookies=request.cookies,
    )
