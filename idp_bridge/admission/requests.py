"""Check `request`: how an OpenID Connect app asks Keycloak."""

from idp_bridge.admission.browser import Hop
from idp_bridge.admission.findings import Findings

_LEAST_STATE = 8


def check_requests(first: list[Hop], second: list[Hop], findings: Findings) -> None:
    """With code and PKCE, and with a state that is new each time."""
    asked, again = _asked(first), _asked(second)
    problems = []
    if asked.get("response_type") != "code":
        problems.append("no_code_flow")
    state = asked.get("state", "")
    if len(state) < _LEAST_STATE or state == again.get("state"):
        problems.append("no_state")
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        problems.append("no_pkce")
    for reason in problems:
        findings.failed("request", reason)
    if not problems:
        findings.passed("request")


def _asked(trail: list[Hop]) -> dict[str, str]:
    for hop in trail:
        if hop.ask.url.partition("?")[0].endswith("/protocol/openid-connect/auth"):
            return dict(hop.ask.parameters)
    return {}
