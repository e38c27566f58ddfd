"""What an admission check found, in words, for the page and for the command line."""

from idp_bridge.core.admission import Finding, Report
from idp_bridge.web.language import Translate, texts


def verdict(t: Translate, report: Report) -> str:
    """One sentence about the whole."""
    outcome = "passed" if report.passed else "failed"
    key = f"admission.verdict.{outcome}"
    return t(key, app=report.client_id, **({} if report.passed else {"count": _count(report)}))


def title(t: Translate, finding: Finding) -> str:
    """What was looked at."""
    return t(f"admission.check.{finding.check}")


def why(t: Translate, finding: Finding) -> str:
    """What was seen; nothing when all is well."""
    if not finding.reason:
        return ""
    return t(f"admission.why.{finding.reason}", **finding.facts)


def mend(t: Translate, finding: Finding, protocol: str) -> str:
    """What to do about it, for the app's protocol; nothing when nothing has to be done."""
    if finding.status not in ("failed", "warned") or finding.reason == "needs_passkey":
        return ""
    own = f"admission.mend.{finding.check}.{protocol}"
    known = texts("en")
    # Braces in these are written twice, for they are filled in like any other text.
    return t(own if own in known else f"admission.mend.{finding.check}.all", app="")


def _count(report: Report) -> str:
    return str(len(report.failures))
