"""Check `addresses`: where a sign-in may return to, as Keycloak holds it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from idp_bridge.admission.cookies import is_loopback
from idp_bridge.admission.findings import Findings
from idp_bridge.admission.site import Site
from idp_bridge.core.addresses import OAUTH_ANSWER, flaw

CHECK = "addresses"


def check_addresses(site: Site, findings: Findings) -> None:
    """Exact, or everything below a path; encrypted, or on this machine."""
    problems = [p for address in site.live.redirect_uris for p in _problems(address)]
    for reason, address in problems:
        findings.failed(CHECK, reason, address=address)
    if not site.live.redirect_uris:
        findings.failed(CHECK, "no_address")
    elif not problems:
        findings.passed(CHECK)


def _problems(address: str) -> Iterator[tuple[str, str]]:
    exact = address.removesuffix("*")
    below = exact != address
    parts = urlsplit(exact)
    if "*" in exact or (below and (not parts.path.endswith("/") or parts.path == "/")):
        yield "wildcard", address
    elif flaw(exact, reserved=OAUTH_ANSWER, plain_http=True):
        yield "no_plain_address", address
    elif parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        yield "plain_http", address
