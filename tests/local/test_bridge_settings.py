"""The generated settings are ones that the bridge takes, with the operator's on top."""

from pathlib import Path

import pytest

from idp_bridge.local.bridge_settings import SECRETS, more_manifests, read_more, write_settings
from idp_bridge.local.errors import WrongInput
from idp_bridge.local.folder import Folder
from idp_bridge.local.origins import Origins
from idp_bridge.local.ports import Ports
from idp_bridge.local.secrets import kept_secrets
from idp_bridge.settings import Settings, SettingsError, load


def settings_of(tmp_path: Path, more: str = "", origins: Origins | None = None) -> Settings:
    folder = Folder.at(tmp_path / "data")
    (tmp_path / "more.yaml").write_text(more, encoding="utf-8")
    secrets = kept_secrets(folder, SECRETS)
    operators = read_more(tmp_path / "more.yaml")
    return load(write_settings(folder, origins or Origins(Ports(9000)), secrets, operators), {})


def test_the_bridge_takes_what_was_generated(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)

    assert settings.issuer == "http://localhost:9000"
    assert settings.listen == (
        "127.0.0.1:9000",
        "127.0.0.1:9002",
        "127.0.0.1:9003",
        "127.0.0.1:9004",
    )
    assert settings.scriptable_phone


def test_keycloak_is_a_client_that_must_prove_itself_and_use_pkce(tmp_path: Path) -> None:
    clients = settings_of(tmp_path).clients

    assert {client.auth_method for client in clients} == {"private_key_jwt"}
    assert all(client.require_pkce and client.keycloak for client in clients)
    assert clients[0].redirect_uris == (
        "http://localhost:9001/kc-9000/realms/residents/broker/qr/endpoint",
    )


def test_the_operators_settings_win_and_the_operators_clients_are_added(tmp_path: Path) -> None:
    more = """
qr: {flow_ttl: 60}
clients:
  - client_id: suite
    redirect_uris: [https://suite.example/cb]
    auth_method: client_secret_basic
    client_secret: a-long-secret-of-a-test-suite-0123456789
"""
    settings = settings_of(tmp_path, more)

    assert settings.qr.flow_ttl.total_seconds() == 60
    assert settings.clients[0].client_id == "keycloak-residents"
    assert settings.clients[-1].client_id == "suite"


def test_an_unknown_setting_of_the_operator_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="colour"):
        settings_of(tmp_path, "colour: blue")


def test_added_manifests_lie_beside_the_operators_file(tmp_path: Path) -> None:
    file = tmp_path / "more.yaml"
    file.write_text("apps: [my-app.yaml]", encoding="utf-8")

    assert more_manifests(file, read_more(file)) == [tmp_path.resolve() / "my-app.yaml"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="cannot be read"):
        read_more(tmp_path / "absent.yaml")


def test_a_proxy_in_front_is_believed_about_addresses(tmp_path: Path) -> None:
    origins = Origins(Ports(9000), public={"bridge": "https://id.city.example"})

    settings = settings_of(tmp_path, origins=origins)

    assert settings.issuer == "https://id.city.example"
    assert [str(network) for network in settings.trusted_proxies] == ["127.0.0.0/8"]
