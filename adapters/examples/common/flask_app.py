"""What the Flask examples with our SDK share: sign-on, language, pages, whoami."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.wrappers import Response as Answer

from common.pages import Pages, Texts, language
from common.places import place
from common.settings import Registration, Settings
from common.sign_on import around, described, facts, notices, places_of
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.sdk.flask import SignOn


class CityApp:
    """``folder`` holds the app's templates."""

    folder: Path
    texts: Texts

    def __init__(self, settings: Settings, realms: Mapping[str, Registration]) -> None:
        self.settings = settings
        self.pages = Pages(self.folder, self.texts)
        self.sign_on = SignOn(
            described(settings, realms),
            page=notices(self.pages, settings),
            around=around(settings),
        )

    def flask(self) -> Flask:
        flask = Flask(__name__, static_folder=None)
        flask.config.update(MAX_CONTENT_LENGTH=64 * 1024)
        self.sign_on.init_app(flask)
        flask.add_url_rule("/whoami", "whoami", self.sign_on.require_role()(self.whoami))
        flask.add_url_rule("/signed-out", "signed_out", self.signed_out)
        flask.add_url_rule("/healthz", "healthy", self.healthy)
        return flask

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

    def own_page(self, template: str, who: Principal, **context: Any) -> Answer:
        """A page for ``who``, with readable places."""
        chosen = self.language()
        return self.page(
            template,
            person=who,
            places=places_of(who, chosen),
            place_of=lambda org: place(org, chosen),
            **context,
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
