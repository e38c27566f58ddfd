"""Why somebody can or cannot enter an app, and what a change would do, for administrators."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from idp_bridge.core.apps import Apps
from idp_bridge.core.errors import NotFound
from idp_bridge.core.what_if import ACTS, AppChange, Question, WhatIf
from idp_bridge.core.why import Verdict, Why
from idp_bridge.web.admin import admin_page, administrators_only
from idp_bridge.web.language import translator
from idp_bridge.web.request_lines import app_name, role_label
from idp_bridge.web.surface import Surface, Visit
from idp_bridge.web.why_words import advice, facts_of, rule_words, step_words, touch_words

REALMS = ("workers", "residents")
_TONES = {Verdict.ENTERS: "good", Verdict.SIGNS_IN_FIRST: "good", Verdict.REFUSED: "bad"}
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class WhyDesk:
    """``/why`` and ``/what-if``; both only read."""

    surface: Surface
    why: Why
    what_if: WhatIf
    apps: Apps

    def routes(self) -> list[BaseRoute]:
        """Both pages."""
        route = self.surface.route
        return [
            route("/why", administrators_only(self.show_why)),
            route("/what-if", administrators_only(self.show_what_if)),
        ]

    async def show_why(self, visit: Visit) -> Response:
        """The form, and the explanation once a person and an app are named."""
        asked = visit.request.query_params
        realm, username, app = (
            _realm(asked),
            asked.get("username", "").strip(),
            asked.get("app", ""),
        )
        told: Mapping[str, Any] = {"explanation": None, "unknown": ""}
        if username and app:
            told = await self._told(visit, realm, username, app)
        return admin_page(
            self.surface,
            visit,
            "why",
            realm=realm,
            username=username,
            app=app,
            choices=await self._choices(visit.reader.language),
            **told,
        )

    async def show_what_if(self, visit: Visit) -> Response:
        """The form, and what would change once a change is named."""
        asked = visit.request.query_params
        realm, act = _realm(asked), asked.get("act", "")
        question = Question(
            act if act in ACTS else ACTS[0],
            asked.get("role", "").strip(),
            asked.get("to", "").strip(),
        )
        changes: tuple[AppChange, ...] | None = None
        unknown = False
        if question.role and question.to:
            try:
                changes = await self.what_if.ask(realm, question)
            except NotFound:
                unknown = True
        return admin_page(
            self.surface,
            visit,
            "what_if",
            realm=realm,
            question=question,
            acts=ACTS,
            changes=changes,
            unknown=unknown,
            shown=_SHOWN,
            app_name=partial(_name, visit.reader.language),
            role_name=partial(_role, visit.reader.language),
        )

    async def _told(self, visit: Visit, realm: str, username: str, app: str) -> Mapping[str, Any]:
        try:
            one = await self.why.explain(realm, username, app)
        except NotFound:
            known = any(one.client_id == app for one in await self.apps.of(realm))
            return {"explanation": None, "unknown": "person" if known else "app"}
        t = translator(visit.reader.language)
        return {
            "explanation": one,
            "unknown": "",
            "tone": _TONES[one.verdict],
            "facts": facts_of(one, visit.reader.language),
            "lacks": [advice(t, lack, one) for lack in one.lacks],
            "step": partial(step_words, t),
            "rule_words": partial(rule_words, t),
            "touched": partial(touch_words, t),
        }

    async def _choices(self, language: str) -> list[tuple[str, str]]:
        found = {
            app.client_id: app_name(app, app.client_id, language)
            for realm in REALMS
            for app in await self.apps.of(realm)
        }
        return sorted(found.items(), key=lambda choice: choice[1])


def _realm(asked: Mapping[str, str]) -> str:
    return "residents" if asked.get("realm") == "residents" else "workers"


def _name(language: str, change: AppChange) -> str:
    return app_name(change.app, change.app.client_id, language)


def _role(language: str, change: AppChange, role: str) -> str:
    return role_label(change.app, role, language)
