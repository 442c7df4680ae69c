from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from oauth_web.certificate import LIFETIME, RENEW_BEFORE_END, own_certificate

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_for_this_machine_and_for_its_owner_only(tmp_path: Path) -> None:
    kept = own_certificate(tmp_path / "state" / "brokersync", NOW)
    certificate = x509.load_pem_x509_certificate(kept.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert (mode(kept), mode(kept.parent)) == (0o600, 0o700)
    assert list(kept.parent.iterdir()) == [kept]


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    own_certificate(tmp_path, NOW)
    assert mode(tmp_path) == 0o700


@pytest.mark.parametrize(("before_renewal", "same"), [(1, True), (0, False), (-1, False)])
def test_it_is_kept_until_it_nears_its_end(tmp_path: Path, before_renewal: int, same: bool) -> None:
    first = own_certificate(tmp_path, NOW).read_bytes()
    later = NOW + LIFETIME - RENEW_BEFORE_END - timedelta(seconds=before_renewal)
    assert (own_certificate(tmp_path, later).read_bytes() == first) is same


@pytest.mark.parametrize("damage", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_damaged_file_is_replaced(tmp_path: Path, damage: bytes) -> None:
    kept = own_certificate(tmp_path, NOW)
    kept.write_bytes(damage)
    assert own_certificate(tmp_path, NOW).read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert mode(kept) == 0o600


def test_a_key_alone_is_not_taken_for_a_whole(tmp_path: Path) -> None:
    kept = own_certificate(tmp_path, NOW)
    whole = kept.read_bytes()
    kept.write_bytes(whole[: whole.index(b"-----BEGIN CERTIFICATE")])
    assert b"BEGIN CERTIFICATE" in own_certificate(tmp_path, NOW).read_bytes()
