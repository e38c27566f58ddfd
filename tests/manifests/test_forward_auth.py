"""A rule about routes with a slip in it is told to its author: it would leave something open."""

from pathlib import Path
from typing import Any

import pytest

from idp_bridge.manifests.manifest import AppManifest
from tests.manifests.test_manifest import declared, refusal

BEHIND = {"protocol": "forward-auth", "addresses": {"workers": ["https://two.example/"]}}


def ruled(**rule: Any) -> dict[str, Any]:
    return {**BEHIND, "forward_auth": {"rules": [rule]}}


@pytest.mark.parametrize(
    "rule",
    [
        {"paths": ["/admin/*", "/reports", "/", "/*", "/文件/*"], "roles": ["viewer"]},
        {"hosts": ["key.example", "TWO.example"], "methods": ["POST"], "acr": "mfa"},
    ],
)
def test_a_sound_rule_is_taken(rule: dict[str, Any]):
    assert AppManifest.model_validate(declared(**ruled(**rule))).forward_auth


@pytest.mark.parametrize(
    "path",
    [
        *(
            "admin/*",
            "",
            "*",
            "/admin*",
            "/a/*/b",
            "/a//b",
            "/a/../b",
            "/a/.",
            "/a;b",
            "/a?b",
            "/a#b",
        ),
        *("/a%20b", "/%61dmin/*", "/a b", "/a\\b", "https://key.example/admin/*", "//*"),
    ],
)
def test_a_path_that_nobody_could_ask_for_is_refused(tmp_path: Path, path: str):
    assert "forward_auth.rules" in refusal(tmp_path, **ruled(paths=[path]))


@pytest.mark.parametrize(
    "rule",
    [
        *({"roles": ["viewr"]}, {"hosts": ["other.example"]}, {"hosts": ["https://key.example"]}),
        *({"hosts": ["key.example:8443"]}, {"methods": ["get"]}, {"acr": "high"}, {"paths": []}),
    ],
)
def test_a_rule_about_what_the_app_does_not_have_is_refused(tmp_path: Path, rule: dict[str, Any]):
    assert "forward_auth" in refusal(tmp_path, **ruled(**rule))
