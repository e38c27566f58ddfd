"""The app's pages: one choice of who one is, then houses as far as role and post reach."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.pages import Pages, language
from common.places import place
from common.settings import Registration, Settings
from flask import Flask, Response, abort, jsonify, redirect, request, session
from werkzeug.wrappers import Response as Answer

from house_codes.houses import HOUSES, TEAMS, Houses
from house_codes.sign_in import Failed, SignedOut, SignIn, Unreachable
from house_codes.texts import TEXTS
from idp_bridge_adapters.keys import KeysUnavailable
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.tokens import AcrTooLow, TokenRefused


class Refused(Exception):
    """The person is known and holds no role here."""

    def __init__(self, person: Principal) -> None:
        super().__init__("no role")
        self.person = person


class App:
    """Holds what the handlers share."""

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        self.settings = settings
        self.realms = tuple(realms)
        self.sign_in = SignIn(settings, realms)
        self.pages = Pages(Path(__file__).parent, TEXTS)
        self.houses = Houses(HOUSES)

    def entered(self) -> Principal:
        """The one door of every handler: signed in, sure enough, and with a role here now."""
        person = self.sign_in.current(session).person
        if not person.roles:
            raise Refused(person)
        return person

    def home(self) -> Answer:
        try:
            who = self.entered()
        except SignedOut:
            return self.page("choose.html", realms=self.realms)
        words = request.args.get("q", "")[:100]
        chosen = self.language()
        return self.page(
            "home.html",
            person=who,
            places=[(post.role, place(post.org, chosen)) for post in sorted(who.posts)],
            words=words,
            houses=self.houses.search(words, who),
            place_of=lambda org: place(org, chosen),
            teams=TEAMS,
        )

    def whoami(self) -> Answer:
        who = self.entered()
        posts = [{"role": post.role, "org": post.org} for post in sorted(who.posts)]
        return jsonify(
            issuer=who.issuer,
            subject=who.subject,
            name=who.name,
            roles=sorted(who.roles),
            posts=posts,
            acr=who.acr,
        )

    def login(self, realm: str) -> Answer:
        self.known(realm)
        # Only the level this app asks for: a link must not choose how people sign in.
        acr = self.settings.required_acr if "more" in request.args else None
        return redirect(self.sign_in.begin(realm, session, acr))

    def callback(self, realm: str) -> Answer:
        self.known(realm)
        try:
            self.sign_in.finish(realm, session, request.args)
        except Failed:
            return self.notice("failed", "/", "again", status=400)
        except AcrTooLow:
            return self.notice("weak", f"/login/{realm}?more", "weak_go", status=403)
        return redirect("/")

    def logout(self) -> Answer:
        self.same_origin()
        return redirect(self.sign_in.end(session) or "/signed-out", 303)

    def signed_out(self) -> Answer:
        return self.notice("signed_out", "/", "again")

    def backchannel(self) -> Answer:
        try:
            self.sign_in.end_named(request.form.get("logout_token", ""))
        except TokenRefused:
            return self.said({"error": "invalid_request"}, 400)
        return self.said({}, 200)

    def healthy(self) -> Answer:
        return self.said({"ready": True}, 200)

    def known(self, realm: str) -> None:
        if realm not in self.realms:
            abort(404)

    def same_origin(self) -> None:
        """A form of another site changes nothing here: browsers always say where a POST is from."""
        if request.headers.get("origin") != self.settings.app_url:
            raise SignedOut

    def language(self) -> str:
        return language(
            request.args.get("lang"),
            request.cookies.get(f"{self.settings.cookie}-lang"),
            request.headers.get("accept-language"),
        )

    def page(self, template: str, *, status: int = 200, **context: Any) -> Answer:
        chosen = self.language()
        answer = Response(self.pages.render(template, chosen, **context), status)
        answer.headers["Cache-Control"] = "no-store"
        if "lang" in request.args:
            answer.set_cookie(
                f"{self.settings.cookie}-lang",
                chosen,
                31_536_000,
                secure=True,
                httponly=True,
                samesite="Lax",
            )
        return answer

    def notice(self, name: str, action: str, label: str, **context: Any) -> Answer:
        return self.page("notice.html", notice=name, action=action, label=label, **context)

    def said(self, fact: dict[str, Any], status: int) -> Answer:
        answer = jsonify(fact)
        answer.status_code = status
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def on_signed_out(self, _error: SignedOut) -> Answer:
        return self.said({"error": "login_required"}, 401)

    def on_refused(self, error: Refused) -> Answer:
        if request.path == "/whoami":
            return self.said({"error": "refused"}, 403)
        return self.notice("refused", "/", "reload", status=403, person=error.person)

    def on_unreachable(self, _error: Exception) -> Answer:
        if request.path == "/whoami":
            return self.said({"error": "temporarily_unavailable"}, 503)
        return self.notice("away", "/", "reload", status=503)


def build(settings: Settings, realms: Mapping[str, Registration]) -> Flask:
    app = App(settings, realms)
    flask = Flask(__name__, static_folder=None)
    flask.config.update(
        SECRET_KEY=settings.session_secret,
        SESSION_COOKIE_NAME=settings.cookie,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    flask.add_url_rule("/", view_func=app.home)
    flask.add_url_rule("/whoami", view_func=app.whoami)
    flask.add_url_rule("/login/<realm>", view_func=app.login)
    flask.add_url_rule("/callback/<realm>", view_func=app.callback)
    flask.add_url_rule("/logout", view_func=app.logout, methods=["POST"])
    flask.add_url_rule("/signed-out", view_func=app.signed_out)
    flask.add_url_rule("/backchannel-logout", view_func=app.backchannel, methods=["POST"])
    flask.add_url_rule("/healthz", view_func=app.healthy)
    flask.register_error_handler(SignedOut, app.on_signed_out)
    flask.register_error_handler(Refused, app.on_refused)
    flask.register_error_handler(Unreachable, app.on_unreachable)
    flask.register_error_handler(KeysUnavailable, app.on_unreachable)
    return flask
