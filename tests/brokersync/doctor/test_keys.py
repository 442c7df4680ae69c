from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from brokersync.doctor.findings import Level
from brokersync.doctor.keys import encryption_key, link_service_key

GOOD = Fernet.generate_key().decode()


def test_a_missing_encryption_key_is_a_fault_and_new_key_the_remedy() -> None:
    found = encryption_key(())
    assert found.level is Level.FAULT
    assert "brokersync new-key" in str(found.remedy)


@pytest.mark.parametrize("key", ["not a key", GOOD[:-1], "schlüssel", "*" * 44])
def test_what_is_no_fernet_key_is_a_fault_that_does_not_show_it(key: str) -> None:
    found = encryption_key((key,))
    assert found.level is Level.FAULT
    assert key not in str(found)


@pytest.mark.parametrize(("key", "length"), [("c2hvcnQ=", 5), ("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY3ODkw", 36)])
def test_a_key_of_the_wrong_length_says_how_long_it_is(key: str, length: int) -> None:
    assert f"holds {length} bytes instead of 32" in encryption_key((key,)).said


def test_one_bad_key_among_good_ones_is_named_by_its_place() -> None:
    assert "Key 2 of 2" in encryption_key((GOOD, "nonsense")).said


def test_good_keys_are_good() -> None:
    assert encryption_key((GOOD,)).level is Level.OK
    assert encryption_key((GOOD, Fernet.generate_key().decode())).said == "2 keys: the first writes, all read."


@pytest.mark.parametrize("key", [None, "short"])
def test_a_service_key_that_is_missing_or_guessable_is_a_warning(key: str | None) -> None:
    found = link_service_key(key)
    assert found.level is Level.WARNING
    assert found.remedy


def test_a_long_service_key_is_good() -> None:
    assert link_service_key("x" * 16).level is Level.OK
