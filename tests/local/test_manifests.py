"""The app manifests as a stack reads them, before it has ports and secrets."""

from pathlib import Path

import pytest

from idp_bridge.local.errors import WrongInput
from idp_bridge.local.manifests import manifests


def test_our_own_manifests_are_read_with_their_placeholders() -> None:
    found = {app.id: app for app in manifests()}

    assert found["grid-service"].urls == {"workers": "${grid_service_url}/"}
    assert found["house-codes"].secret_names() == {
        "residents": "house_codes_secret_residents",
        "workers": "house_codes_secret_workers",
    }


def test_a_wrong_manifest_of_the_operator_is_told_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "my-app.yaml"
    file.write_text("id: my-app\nprotocol: oidc\nrealms: [workers]\n", encoding="utf-8")

    with pytest.raises(WrongInput, match=r"my-app\.yaml: names is missing: add it"):
        manifests([file])
