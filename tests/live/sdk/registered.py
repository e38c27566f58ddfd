"""Apps that a test registers by their manifests, admits, and retires when it is over."""

import argparse
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from idp_bridge.__main__ import main
from idp_bridge.app.administration import connect
from idp_bridge.keycloak.provisioning.app_life import promote


@contextmanager
def registered(
    stack: dict[str, Any], urls: Mapping[Path, str], folder: Path
) -> Iterator[dict[Path, dict[str, str]]]:
    """The settings of the app of each manifest, which lives at its url as long as this lasts."""
    data, values = Path(stack["data"]), folder / "values.json"
    apps = {manifest: str(yaml.safe_load(manifest.read_text())["id"]) for manifest in urls}
    keys = {manifest: app.replace("-", "_") for manifest, app in apps.items()}
    passwords = {manifest: secrets.token_urlsafe(24) for manifest in urls}
    filled = json.loads((data / "values.json").read_text())
    for manifest, url in urls.items():
        filled[f"{keys[manifest]}_url"] = url
        filled[f"{keys[manifest]}_secret_workers"] = passwords[manifest]
    values.write_text(json.dumps(filled))
    at = ("--config", str(data / "bridge.yaml"), "--values", str(values))
    files = [str(manifest) for manifest in urls]
    _apps("apply", *files, *at)
    try:
        _admit(apps.values(), data / "bridge.yaml", values)
        _apps("apply", *files, *at)
        issuer = stack["realms"]["workers"]["issuer"]
        yield {
            manifest: {"ISSUER": issuer, "CLIENT_ID": app, "CLIENT_SECRET": passwords[manifest]}
            for manifest, app in apps.items()
        }
    finally:
        for app in apps.values():
            _apps("retire", app, "--yes", *at)


def _admit(apps: Iterable[str], config: Path, values: Path) -> None:
    connection = connect(
        argparse.Namespace(
            config=config,
            realms=None,
            values=values,
            keycloak_admin_user=None,
            keycloak_admin_password_file=None,
        )
    )
    for app in apps:
        promote(connection.api, app, "admitted")


def _apps(*words: str) -> None:
    """`idp-bridge apps` as an operator types it."""
    assert main(["apps", *words]) == 0
