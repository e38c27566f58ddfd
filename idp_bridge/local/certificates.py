"""A certificate authority of the stack's own, so that phones in the local network see HTTPS.

The authority may only speak for private addresses and this machine (X.509 name constraints): a
phone that trusts it cannot be deceived about any site of the internet, even if its key were stolen.
"""

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idp_bridge.local.errors import WrongInput

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")
_AUTHORITY_LIFE = timedelta(days=825)
# Phones refuse longer ones.
_CERTIFICATE_LIFE = timedelta(days=90)


def lan_address() -> str:
    """The address that this machine has in its network; connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            raise WrongInput("--lan: this machine is in no network") from None
        address: str = probe.getsockname()[0]
    return address


def lan_certificate(folder: Path, address: str) -> tuple[Path, Path, Path]:
    """The authority's certificate, and certificate and key of this address; made when missing.

    The authority stays the same, so that phones need to trust it only once.
    """
    ca_file, ca_key_file = folder / "ca.pem", folder / "ca.key"
    if not ca_file.exists() or not permits(ca_file, address):
        key = ec.generate_private_key(ec.SECP256R1())
        _write(ca_key_file, _private(key))
        _write(ca_file, _authority(key, address).public_bytes(serialization.Encoding.PEM))
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    ca_key = serialization.load_pem_private_key(ca_key_file.read_bytes(), password=None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise WrongInput(f"{ca_key_file} is no key of ours")
    own = ec.generate_private_key(ec.SECP256R1())
    leaf = _leaf(ca, ca_key, own.public_key(), address)
    chain = folder / f"{address}.pem"
    _write(folder / f"{address}.key", _private(own))
    _write(chain, leaf.public_bytes(serialization.Encoding.PEM) + ca_file.read_bytes())
    return ca_file, chain, folder / f"{address}.key"


def permits(ca_file: Path, address: str) -> bool:
    """Whether an authority may speak for an address."""
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    allowed = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    networks = [name.value for name in allowed or () if isinstance(name, x509.IPAddress)]
    return any(
        ipaddress.ip_address(address) in net
        for net in networks
        if isinstance(net, ipaddress.IPv4Network)
    )


def _authority(key: ec.EllipticCurvePrivateKey, address: str) -> x509.Certificate:
    networks = [ipaddress.ip_network(net) for net in (*_PRIVATE, f"{address}/32")]
    permitted: list[x509.GeneralName] = [x509.IPAddress(net) for net in networks]
    permitted.append(x509.DNSName("localhost"))
    name = x509.Name(
        [
            x509.NameAttribute(
                NameOID.COMMON_NAME, f"idp-bridge trial authority {socket.gethostname()}"[:64]
            )
        ]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _dated(_AUTHORITY_LIFE)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    public: ec.EllipticCurvePublicKey,
    address: str,
) -> x509.Certificate:
    names = [x509.IPAddress(ipaddress.ip_address(a)) for a in (address, "127.0.0.1")]
    alternatives = x509.SubjectAlternativeName([*names, x509.DNSName("localhost")])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _dated(_CERTIFICATE_LIFE)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)]))
        .issuer_name(ca.subject)
        .public_key(public)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _dated(life: timedelta) -> x509.CertificateBuilder:
    """From an hour ago: phones' clocks are not exact."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
