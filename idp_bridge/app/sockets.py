"""Sockets to listen on: ``host:port``, or ``unix:/path``."""

import socket
from pathlib import Path

from idp_bridge.settings import SettingsError

_UNIX = "unix:"


def listening(address: str) -> socket.socket:
    """A socket that listens. Raises ``SettingsError`` for an address that is taken or is none."""
    try:
        listener = _unix(address) if address.startswith(_UNIX) else _tcp(address)
    except (OSError, ValueError) as error:
        raise SettingsError(f"listen: {address}: {error}") from None
    listener.listen(2048)
    return listener


def _tcp(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host.strip("[]"), int(port)))
    return listener


def _unix(address: str) -> socket.socket:
    file = Path(address.removeprefix(_UNIX))
    if file.is_socket():
        # Left behind by a bridge that is gone; one that is there keeps it.
        _require_silence(file)
        file.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(file))
    file.chmod(0o660)
    return listener


def _require_silence(file: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        if probe.connect_ex(str(file)) == 0:
            raise OSError("somebody listens there")
