"""The app's pages: one choice of who one is, then houses as far as role and post reach."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.pages import Pages, language
from common.places import place
from common.settings import Registration, Settings
from common.sign_on import around, described, facts, notices, places_of
from flask import Flask, Response, jsonify, request
from werkzeug.wrappers import Response as Answer

from house_codes.houses import HOUSES, TEAMS, Houses
from house_codes.texts import TEXTS
from idp_bridge_adapters.sdk.flask import SignOn


class App:
    """Holds what the handlers share."""

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        self.settings = settings
        self.pages = Pages(Path(__file__).parent, TEXTS)
        self.sign_on = SignOn(
            described(settings, realms),
            page=notices(self.pages, settings),
            around=around(settings),
        )
        self.houses = Houses(HOUSES)

    def home(self) -> Answer:
        who = self.sign_on.current()
        words = request.args.get("q", "")[:100]
        chosen = self.language()
        return self.page(
            "home.html",
            person=who,
            places=places_of(who, chosen),
            words=words,
            houses=self.houses.search(words, who),
            place_of=lambda org: place(org, chosen),
            teams=TEAMS,
        )

    def whoami(self) -> Answer:
        return jsonify(facts(self.sign_on.current()))

    def signed_out(self) -> Answer:
        return self.page("notice.html", notice="signed_out", action="/", label="again")

    def healthy(self) -> Answer:
        return jsonify(ready=True)

    def language(self) -> str:
        return language(
            request.args.get("lang"),
            request.cookies.get(f"{self.settings.cookie}-lang"),
            request.headers.get("accept-language"),
        )

    def page(self, template: str, **context: Any) -> Answer:
        chosen = self.language()
        answer = Response(self.pages.render(template, chosen, **context))
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


def build(settings: Settings, realms: Mapping[str, Registration]) -> Flask:
    app = App(settings, realms)
    flask = Flask(__name__, static_folder=None)
    flask.config.update(MAX_CONTENT_LENGTH=64 * 1024)
    with_a_role = app.sign_on.require_role()
    app.sign_on.init_app(flask)
    flask.add_url_rule("/", "home", with_a_role(app.home))
    flask.add_url_rule("/whoami", "whoami", with_a_role(app.whoami))
    flask.add_url_rule("/signed-out", "signed_out", app.signed_out)
    flask.add_url_rule("/healthz", "healthy", app.healthy)
    return flask
