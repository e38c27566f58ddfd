"""The authority of a local network: phones can trust it, and it can vouch for nothing else."""

import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from idp_bridge.local import certificates
from idp_bridge.local.certificates import lan_certificate

ADDRESS = "192.168.1.7"


def handshake(chain: Path, key: Path, ca: Path, name: str) -> None:
    """One TLS connection as a phone makes it; raises when the phone would refuse."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(chain, key)
    phone = ssl.create_default_context(cafile=str(ca))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        phone.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        thread.join()


def test_a_phone_that_trusts_the_authority_accepts_the_machines_address(tmp_path: Path) -> None:
    ca, chain, key = lan_certificate(tmp_path, ADDRESS)

    handshake(chain, key, ca, ADDRESS)


def test_another_address_is_not_covered(tmp_path: Path) -> None:
    ca, chain, key = lan_certificate(tmp_path, ADDRESS)

    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        handshake(chain, key, ca, "192.168.1.8")


def test_the_authority_cannot_vouch_for_a_public_address(tmp_path: Path) -> None:
    ca, _, _ = lan_certificate(tmp_path, ADDRESS)
    kept = ca.read_bytes()
    networks = x509.load_pem_x509_certificate(kept).extensions
    permitted = networks.get_extension_for_class(x509.NameConstraints)

    assert permitted.critical
    assert certificates.permits(ca, "10.0.0.9")
    assert not certificates.permits(ca, "8.8.8.8")


def test_the_authority_stays_while_the_address_changes(tmp_path: Path) -> None:
    ca, _, _ = lan_certificate(tmp_path, ADDRESS)
    before = ca.read_bytes()

    other, chain, key = lan_certificate(tmp_path, "10.1.2.3")

    assert other.read_bytes() == before
    handshake(chain, key, other, "10.1.2.3")


def test_keys_are_readable_by_the_owner_only(tmp_path: Path) -> None:
    lan_certificate(tmp_path, ADDRESS)

    assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.iterdir())
