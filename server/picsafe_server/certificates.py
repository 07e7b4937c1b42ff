"""Makes a TLS certificate for this machine, so that a phone in the same network has a secure context. Not for
deployments.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from picsafe_server.runtime.secret_files import write_secret
from picsafe_server.server import Certificate

DAYS: Final = 397
"""Browsers accept no longer ones."""
RENEW_DAYS: Final = 7


def own_address() -> str:
    """This machine's address in the local network; the loopback address when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: this only asks which address would be used
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address


def own_certificate(folder: Path, address: str, *names: str) -> Certificate:
    """The certificate for `address`, localhost and `names` in `folder`; made on first use and when it is about to
    end.
    """
    certificate = Certificate(folder / f"{address}.crt", folder / f"{address}.key")
    if not _is_good(certificate):
        certificate.chain.unlink(missing_ok=True)
        certificate.key.unlink(missing_ok=True)
        _make(certificate, address, names)
    return certificate


def _is_good(certificate: Certificate) -> bool:
    if not (certificate.chain.exists() and certificate.key.exists()):
        return False
    found = x509.load_pem_x509_certificate(certificate.chain.read_bytes())
    return found.not_valid_after_utc > datetime.now(UTC) + timedelta(days=RENEW_DAYS)


def _make(certificate: Certificate, address: str, others: Sequence[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"PicSafe on {address}")])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in ("localhost", *others)]
    names.append(x509.IPAddress(ipaddress.ip_address(address)))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    write_secret(
        certificate.key,
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    write_secret(certificate.chain, made.public_bytes(pem))
