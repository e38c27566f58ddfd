"""The JSON schema of a manifest, for editors: `realms/app.schema.json` is this text."""

import json

from idp_bridge.manifests.manifest import AppManifest


def schema_text() -> str:
    """The schema as it is published."""
    schema = AppManifest.model_json_schema(by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "App manifest",
        "description": "One app of the district: who may enter, where it lives, how it speaks.",
    }
    return json.dumps({**schema, **head}, ensure_ascii=False, indent=2) + "\n"
