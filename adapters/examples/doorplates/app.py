"""The app's pages: addresses and their services, and the plate's record for its police."""

from collections.abc import Mapping
from pathlib import Path

from common.flask_app import CityApp
from common.settings import Registration, Settings
from flask import Flask, redirect, request
from werkzeug.wrappers import Response as Answer

from doorplates.plates import CONDITIONS, PLATES, Plates, Role, Wrong
from doorplates.texts import TEXTS


class App(CityApp):
    """Holds what the handlers share."""

    folder = Path(__file__).parent
    texts = TEXTS

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        super().__init__(settings, realms)
        self.plates = Plates(PLATES)

    def where(self) -> str:
        """The unit that a request is about."""
        return self.plates.org_of((request.view_args or {})["code"])

    def home(self) -> Answer:
        who, words = self.sign_on.current(), request.args.get("q", "")[:100]
        return self.own_page(
            "home.html",
            who,
            words=words,
            wrong=request.args.get("wrong"),
            plates=self.plates.search(words, who),
            conditions=CONDITIONS,
        )

    def correct(self, code: str) -> Answer:
        number, condition = request.form.get("number", ""), request.form.get("condition", "")
        try:
            self.plates.correct(self.sign_on.current(), code, number, condition)
        except Wrong:
            return redirect(f"/?wrong={code}", 303)
        return redirect("/", 303)


def build(settings: Settings, realms: Mapping[str, Registration]) -> Flask:
    app = App(settings, realms)
    flask, require = app.flask(), app.sign_on.require_role
    flask.add_url_rule("/", "home", require()(app.home))
    of_its_police = require(Role.OFFICER, org=app.where)
    correct = of_its_police(app.correct)
    flask.add_url_rule("/plates/<code>/correct", "correct", correct, methods=["POST"])
    return flask
