"""Where the forward-auth listener listens, and whom it trusts there."""

import socket
from pathlib import Path
from typing import Any

import pytest

from idp_bridge.app.sockets import listening
from idp_bridge.settings import SettingsError, load

SETTINGS: dict[str, Any] = {
    "ISSUER": "https://bridge.test",
    "RESIDENT_URL": "https://resident.test",
    "WORKER_URL": "https://worker.test",
    "ADMIN_URL": "https://admin.test",
    "KEYCLOAK_URL": "https://keycloak.test",
    "BRIDGE_CLIENT_SECRETS__RESIDENTS": "r" * 32,
    "BRIDGE_CLIENT_SECRETS__WORKERS": "w" * 32,
    "SECRET_KEY": "k" * 32,
    "KEYS_FOLDER": "keys",
    "REDIS_URL": "redis://redis.test",
    "DATABASE_URL": "sqlite+aiosqlite:///bridge.db",
}


def loaded(**more: str) -> Any:
    return load(None, {f"IDP_BRIDGE_{name}": value for name, value in {**SETTINGS, **more}.items()})


def test_nothing_listens_for_proxies_unless_it_is_asked_for():
    assert loaded().gate_listen == ()


@pytest.mark.parametrize(
    "asked",
    [
        {"GATE_LISTEN": '["127.0.0.1:8410"]'},
        {"GATE_LISTEN": '["unix:/run/gate.sock", "0.0.0.0:8410"]'},
        {"GRPC_LISTEN": "127.0.0.1:8411"},
    ],
)
def test_a_listener_at_a_port_has_to_know_its_proxies(asked: dict[str, str]):
    with pytest.raises(SettingsError, match="gate_trusted_proxies"):
        loaded(**asked)
    assert loaded(**asked, GATE_TRUSTED_PROXIES='["10.0.0.0/24"]')


def test_at_a_unix_socket_the_permissions_of_the_file_say_who_may_ask(tmp_path: Path):
    assert loaded(GATE_LISTEN='["unix:/run/gate.sock"]').gate_listen

    file = tmp_path / "gate.sock"
    with listening(f"unix:{file}"):
        assert file.stat().st_mode & 0o777 == 0o660


def test_a_unix_socket_left_behind_is_taken_over_and_one_in_use_is_not(tmp_path: Path):
    file = tmp_path / "gate.sock"
    listening(f"unix:{file}").close()

    with listening(f"unix:{file}"), pytest.raises(SettingsError, match="somebody listens"):
        listening(f"unix:{file}")


def test_a_file_that_is_no_socket_is_never_removed(tmp_path: Path):
    file = tmp_path / "gate.sock"
    file.write_text("precious")

    with pytest.raises(SettingsError):
        listening(f"unix:{file}")
    assert file.read_text() == "precious"


def test_an_address_that_is_taken_is_told_by_name():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=address):
            listening(address)
