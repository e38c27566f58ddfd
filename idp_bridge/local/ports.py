"""The ports of one stack: all count from one base, so that two stacks run side by side."""

import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from idp_bridge.local.errors import PortTaken, WrongInput

DEFAULT_BASE = 8400
_SPAN = 60


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part listens. Example apps have the ports from ``base + 10`` on, and those that
    stand behind a proxy of their own as many from ``base + 31`` on."""

    base: int = DEFAULT_BASE

    def __post_init__(self) -> None:
        if not 1024 <= self.base <= 65535 - _SPAN:
            raise WrongInput(f"--port-base must be between 1024 and {65535 - _SPAN}")

    @property
    def bridge(self) -> int:
        return self.base

    @property
    def keycloak(self) -> int:
        return self.base + 1

    @property
    def resident(self) -> int:
        return self.base + 2

    @property
    def worker(self) -> int:
        return self.base + 3

    @property
    def admin(self) -> int:
        return self.base + 4

    @property
    def start(self) -> int:
        return self.base + 5

    @property
    def redis(self) -> int:
        return self.base + 6

    @property
    def ldap(self) -> int:
        return self.base + 7

    @property
    def management(self) -> int:
        return self.base + 8

    @property
    def first_example(self) -> int:
        return self.base + 10

    @property
    def gate(self) -> int:
        return self.base + 30

    @property
    def first_inner(self) -> int:
        return self.base + 31

    @property
    def trust(self) -> int:
        return self.base + 9

    def named(self) -> dict[str, int]:
        """What each port is for, in words for the operator."""
        return {
            "the bridge": self.bridge,
            "Keycloak": self.keycloak,
            "the resident portal": self.resident,
            "the worker portal": self.worker,
            "the admin pages": self.admin,
            "the start page": self.start,
            "Redis": self.redis,
            "LDAP": self.ldap,
            "forward-auth": self.gate,
            "Keycloak's health page": self.management,
        }


def require_free(wanted: Iterable[tuple[str, int]], host: str) -> None:
    """Raise ``PortTaken`` for the first port that something listens on."""
    for name, port in wanted:
        if not _is_free(host, port):
            raise PortTaken(
                f"Port {port}, which {name} needs, is in use by another program. "
                "Stop that program, or move all ports of this stack: idp-bridge up --port-base N"
            )


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the servers themselves do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise WrongInput(f"Cannot listen on {host}: {error.strerror}") from None
    return True
