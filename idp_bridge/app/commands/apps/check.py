"""`idp-bridge apps check | admit`: whether an app keeps to the rules, and letting it in."""

import argparse
import asyncio
import getpass
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idp_bridge.app.administration import (
    Administration,
    CannotAdminister,
    add_options,
    connect,
)
from idp_bridge.app.commands import Subcommands

if TYPE_CHECKING:
    from idp_bridge.core.admission import Report
    from idp_bridge.keycloak.provisioning.app_life import AppAt
    from idp_bridge.keycloak.provisioning.app_state import State
    from idp_bridge.manifests.manifest import AppManifest

_LEAST_REASON = 10


def register(actions: Subcommands) -> None:
    """Add both actions."""
    check = actions.add_parser(
        "check", help="play a browser against the app and say what is wrong with it"
    )
    check.add_argument("--json", action="store_true", help="for machines")
    check.set_defaults(run=_check)
    admit = actions.add_parser("admit", help="give a checked app to the people of its roles")
    admit.add_argument("--override", metavar="REASON", help="admit it without a passed check")
    admit.set_defaults(run=_admit)
    for action in (check, admit):
        action.add_argument("app", help="id of the app, or its manifest file")
        add_options(action)


def _check(arguments: argparse.Namespace) -> int:
    keycloak = connect(arguments)
    app = _manifest(keycloak, arguments.app)
    report = asyncio.run(_report(keycloak, app))
    if report.passed:
        _promote(keycloak, app, "checked", only="draft")
    if arguments.json:
        print(json.dumps(_document(report), ensure_ascii=False))
    else:
        print("\n".join(_lines(report)))
    return 0 if report.passed else 1


def _admit(arguments: argparse.Namespace) -> int:
    from idp_bridge.keycloak.provisioning import Policy
    from idp_bridge.keycloak.provisioning.app_life import apply_apps
    from idp_bridge.keycloak.provisioning.rest import AdminApiError

    keycloak = connect(arguments)
    app = _manifest(keycloak, arguments.app)
    reason = (arguments.override or "").strip()
    if arguments.override is not None and len(reason) < _LEAST_REASON:
        raise CannotAdminister("--override: say why, in ten characters or more; it is recorded")
    asyncio.run(_may_be_admitted(keycloak, app, reason))
    _promote(keycloak, app, "admitted")
    try:
        # Roles are given to people only once the app is admitted.
        lines = apply_apps(keycloak.api, keycloak.inputs, [app], Policy())
    except AdminApiError as error:
        raise CannotAdminister(str(error)) from None
    print("\n".join([*map(str, lines), f"{app.id} is admitted."]))
    return 0


async def _report(keycloak: Administration, app: "AppManifest") -> "Report":
    from idp_bridge.app.admission import checked
    from idp_bridge.app.parts import Parts

    parts = Parts(keycloak.settings)
    await parts.open()
    try:
        return await checked(parts, app)
    finally:
        await parts.close()


async def _may_be_admitted(keycloak: Administration, app: "AppManifest", override: str) -> None:
    from idp_bridge.app.admission import against_admitting, record_admission
    from idp_bridge.app.parts import Parts

    parts = Parts(keycloak.settings)
    await parts.open()
    try:
        against = await against_admitting(parts, app)
        if against and not override:
            raise CannotAdminister(
                f"{app.id} is not admitted: {against}. Run `idp-bridge apps check {app.id}`"
            )
        await record_admission(parts, app, getpass.getuser(), override if against else "")
    finally:
        await parts.close()


def _manifest(keycloak: Administration, named: str) -> "AppManifest":
    """The manifest file, or the one of that id among the declarations."""
    from idp_bridge.manifests.reading import ManifestError, load_manifest

    folder = keycloak.inputs.folder / "apps"
    file = Path(named) if named.endswith((".yaml", ".yml")) else folder / f"{named}.yaml"
    if not file.is_file():
        raise CannotAdminister(f"{file.name} is not there: name the app's manifest file")
    try:
        return load_manifest(file, keycloak.inputs.values)
    except ManifestError as error:
        raise CannotAdminister(str(error)) from None


def _promote(
    keycloak: Administration, app: "AppManifest", state: "State", only: str = ""
) -> "list[AppAt]":
    from idp_bridge.keycloak.provisioning import app_life
    from idp_bridge.keycloak.provisioning.rest import AdminApiError

    try:
        before = {at.state for at in app_life.apps_at(keycloak.api, app.client_id)}
        if only and only not in before:
            return []
        return app_life.promote(keycloak.api, app.client_id, state)
    except (app_life.NoSuchApp, AdminApiError) as error:
        raise CannotAdminister(str(error)) from None


def _document(report: "Report") -> dict[str, Any]:
    """The report for machines; keys are for them, sentences for whoever reads their logs."""
    from idp_bridge.web.admission_words import mend, why
    from idp_bridge.web.language import translator

    t = translator("en")
    findings = [
        asdict(one) | {"why": why(t, one), "mend": mend(t, one, report.protocol)}
        for one in report.findings
    ]
    more = {"at": report.at.isoformat(), "passed": report.passed, "findings": findings}
    return asdict(report) | more


def _lines(report: "Report") -> Iterator[str]:
    from idp_bridge.web.admission_words import mend, title, verdict, why
    from idp_bridge.web.language import translator

    t = translator("en")
    for realm in dict.fromkeys(finding.realm for finding in report.findings):
        yield realm
        for finding in (f for f in report.findings if f.realm == realm):
            passed = finding.status == "passed"
            about = finding.facts.get("role") or (finding.facts.get("where") if passed else "")
            about = f" ({about})" if about else ""
            yield f"  {t(f'admission.status.{finding.status}'):10} {title(t, finding)}{about}"
            if said := why(t, finding):
                yield f"{'':13}{said}"
            if todo := mend(t, finding, report.protocol):
                yield f"{'':13}{t('admission.mend_word')} {todo}"
    yield verdict(t, report)
