"""`idp-bridge apps list | export | schema`: what is registered, and manifests from it."""

import argparse
import json
from dataclasses import asdict

import yaml

from idp_bridge.app.administration import CannotAdminister, add_options, connect
from idp_bridge.app.commands import Subcommands

_SCHEMA_LINE = "# yaml-language-server: $schema=app.schema.json\n"
_HEADINGS = ("app", "protocol", "realms", "state", "owner", "name")


def register(actions: Subcommands) -> None:
    """Add the three actions."""
    listing = actions.add_parser("list", help="every app, with its state")
    listing.add_argument("--json", action="store_true", help="for scripts")
    add_options(listing)
    listing.set_defaults(run=_list)
    export = actions.add_parser("export", help="write a manifest from what is at Keycloak")
    export.add_argument("app", help="id of the app")
    add_options(export)
    export.set_defaults(run=_export)
    schema = actions.add_parser("schema", help="the JSON schema of a manifest, for editors")
    schema.set_defaults(run=_schema)


def _list(arguments: argparse.Namespace) -> int:
    from idp_bridge.keycloak.provisioning.app_listing import all_apps
    from idp_bridge.keycloak.provisioning.rest import AdminApiError

    try:
        apps = all_apps(connect(arguments).api)
    except AdminApiError as error:
        raise CannotAdminister(str(error)) from None
    if arguments.json:
        print(json.dumps([asdict(app) for app in apps], ensure_ascii=False, indent=1))
        return 0
    rows = [_HEADINGS] + [
        (app.client_id, app.protocol, ",".join(app.states), app.state, app.owner, app.names["zh"])
        for app in apps
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        print(
            "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        )
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from idp_bridge.keycloak.provisioning.app_export import exported
    from idp_bridge.keycloak.provisioning.app_life import NoSuchApp
    from idp_bridge.keycloak.provisioning.rest import AdminApiError

    try:
        document = exported(connect(arguments).api, arguments.app)
    except (NoSuchApp, AdminApiError) as error:
        raise CannotAdminister(str(error)) from None
    print(_SCHEMA_LINE + yaml.safe_dump(document, allow_unicode=True, sort_keys=False), end="")
    return 0


def _schema(_: argparse.Namespace) -> int:
    from idp_bridge.manifests.schema import schema_text

    print(schema_text(), end="")
    return 0
