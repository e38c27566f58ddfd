"""An explanation in words, for the page and for the command line."""

from collections.abc import Callable, Mapping
from datetime import datetime

from idp_bridge.core.role_ways import Step
from idp_bridge.core.why import BRIDGE, Explanation, Lack, RuleMet, Touch
from idp_bridge.web.language import Translate

_COMMA = {"zh": "、", "en": ", "}


def facts_of(one: Explanation, language: str) -> Mapping[str, str]:
    """What the sentences about an explanation name."""
    chain, comma = one.chain, _COMMA[language]
    names = chain.app.role_names
    held = (names.get(role, {}).get(language, role) for role in chain.roles)
    return {
        "name": f"{chain.account.name} ({chain.account.username})",
        "username": chain.account.username,
        "app": chain.app.names.get(language) or chain.app.client_id,
        "roles": comma.join(held),
    }


def advice(t: Translate, lack: Lack, one: Explanation) -> tuple[str, str]:
    """What is missing, and what to do about it."""
    chain = one.chain
    what = t(
        f"why.lack.{lack.value}.what",
        state=t(f"why.value.{chain.app.state}"),
        acr=chain.app.minimum_acr,
    )
    todo = t(
        f"why.lack.{lack.value}.todo",
        username=chain.account.username,
        app=chain.app.client_id,
        givers=", ".join(chain.givers) or t("why.value.none"),
        roles=", ".join(f"{chain.app.client_id}/{role}" for role in sorted(chain.app.roles)),
    )
    return what, todo


def step_words(t: Translate, step: Step) -> str:
    """One step of a way."""
    return t(f"why.step.{step.joint.value}", holder=step.holder, held=step.held)


def rule_words(t: Translate, met: RuleMet) -> str:
    """A rule for single addresses."""
    rule = met.rule
    said = t(
        "why.rule",
        methods=" ".join(rule.get("methods") or ()) or t("why.any_method"),
        paths=" ".join(rule.get("paths") or ("/*",)),
        roles=" ".join(rule.get("roles") or ()) or t("why.any_role"),
    )
    return f"{said} · {rule['acr']}" if rule.get("acr") else said


def touch_words(
    t: Translate, touch: Touch | None, untold: bool, moment: Callable[[datetime], str]
) -> str:
    """Who made a link, and when."""
    if touch is None:
        return t("why.untold" if untold else "why.untouched")
    return t("why.touched", when=moment(touch.at), who=_who(t, touch))


def _who(t: Translate, touch: Touch) -> str:
    if touch.realm == "master":
        return t("why.by_keycloak", id=touch.by[:8])
    if touch.decided:
        return t("why.by_decision", who=touch.by)
    return t("why.by_bridge") if touch.by == BRIDGE else touch.by
