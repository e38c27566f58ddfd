"""The app's pages: one choice of who one is, then houses as far as role and post reach."""

from collections.abc import Mapping
from pathlib import Path

from common.flask_app import CityApp
from common.settings import Registration, Settings
from flask import Flask, request
from werkzeug.wrappers import Response as Answer

from house_codes.houses import HOUSES, TEAMS, Houses
from house_codes.texts import TEXTS


class App(CityApp):
    """Holds what the handlers share."""

    folder = Path(__file__).parent
    texts = TEXTS

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        super().__init__(settings, realms)
        self.houses = Houses(HOUSES)

    def home(self) -> Answer:
        who, words = self.sign_on.current(), request.args.get("q", "")[:100]
        houses = self.houses.search(words, who)
        return self.own_page("home.html", who, words=words, houses=houses, teams=TEAMS)


def build(settings: Settings, realms: Mapping[str, Registration]) -> Flask:
    app = App(settings, realms)
    flask = app.flask()
    flask.add_url_rule("/", "home", app.sign_on.require_role()(app.home))
    return flask
