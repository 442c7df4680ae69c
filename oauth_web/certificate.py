"""A certificate for this machine, made on the spot: Schwab takes only https callbacks, also to 127.0.0.1."""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

LIFETIME = timedelta(days=365)
RENEW_BEFORE_END = timedelta(days=30)
"""A new one means a new warning in the browser, so it is made seldom, but never in the last moment."""

_FILE = "web-certificate.pem"
_ADDRESSES = ("127.0.0.1", "::1")


def own_certificate(folder: Path, now: datetime | None = None) -> Path:
    """The file with key and certificate, in that private folder; made where there is none that lasts.

    Key and certificate share one file, so that a crash cannot leave two that do not belong together. Only its owner may
    read it.
    """
    now = datetime.now(UTC) if now is None else now
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The folder may be older than this, or made under a umask that says otherwise.
    folder.chmod(0o700)
    kept = folder / _FILE
    if not _lasts(kept, now):
        _write_privately(kept, _made(now))
    return kept


def _lasts(kept: Path, now: datetime) -> bool:
    try:
        text = kept.read_bytes()
        certificate = x509.load_pem_x509_certificate(text)
        serialization.load_pem_private_key(text, password=None)
    except (FileNotFoundError, ValueError):
        return False
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE_END


def _made(now: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "brokersync on this machine")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in _ADDRESSES]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(pem)


def _write_privately(kept: Path, content: bytes) -> None:
    """Whole or not at all, and at no moment readable by others."""
    fresh = kept.with_suffix(f".{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(kept)
