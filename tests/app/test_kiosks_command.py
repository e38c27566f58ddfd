"""`idp-bridge kiosks` at the prompt."""

import re
from pathlib import Path

import pytest
import yaml

from idp_bridge.__main__ import main


@pytest.fixture
def config(tmp_path: Path) -> Path:
    secret = "a secret that is only good for tests 0123"
    settings = {
        "issuer": "https://sso.test",
        "resident_url": "https://my.test",
        "worker_url": "https://work.test",
        "admin_url": "https://admin.test",
        "keycloak_url": "https://keycloak.test",
        "bridge_client_secrets": {"residents": secret, "workers": secret},
        "secret_key": secret,
        "keys_folder": str(tmp_path / "keys"),
        "redis_url": "redis://127.0.0.1:1/0",
        "database_url": f"sqlite+aiosqlite:///{tmp_path / 'bridge.db'}",
    }
    file = tmp_path / "bridge.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def test_a_kiosk_is_enrolled_listed_and_revoked(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosks = ["kiosks", "--config", str(config)]
    place = ["--latitude", "22.57", "--longitude", "113.86"]
    assert main([*kiosks, "enrol", "--name", "窗口3", "--address", "大厅", *place]) == 0
    said = capsys.readouterr().out
    assert re.search(r"open https://sso\.test/kiosk and type \w{5}-\w{5}", said)
    kiosk_id = said.split()[0]
    assert main([*kiosks, "list"]) == 0
    assert f"{kiosk_id}  waiting " in capsys.readouterr().out
    assert main([*kiosks, "revoke", kiosk_id]) == 0
    assert main([*kiosks, "list"]) == 0
    assert f"{kiosk_id}  revoked " in capsys.readouterr().out.splitlines()[-1]


def test_a_place_that_is_nowhere_and_a_kiosk_that_is_none_are_one_line_each(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosks = ["kiosks", "--config", str(config)]
    place = ["--latitude", "122.57", "--longitude", "113.86"]
    assert main([*kiosks, "enrol", "--name", "窗口3", "--address", "大厅", *place]) == 1
    assert main([*kiosks, "revoke", "nothing"]) == 1
    assert capsys.readouterr().err == (
        "idp-bridge: not a position on earth\nidp-bridge: no such kiosk\n"
    )
