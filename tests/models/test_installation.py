"""Fingerprints: found again, never read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from models.installation import Fingerprints, Installation, fingerprints
from models.sealing import CredentialsUnreadable, keyring
from models.session import Database

KEY, ANOTHER_KEY = "00" * 32, "01" * 32


def test_a_number_has_one_fingerprint_for_each_broker_and_key() -> None:
    prints = Fingerprints(KEY)
    assert prints.of("schwab", "123") == prints.of("schwab", "123")
    others = {prints.of("schwab", "124"), prints.of("other", "123"), Fingerprints(ANOTHER_KEY).of("schwab", "123")}
    assert len(others | {prints.of("schwab", "123")}) == 4


def test_the_end_of_a_brokers_name_is_not_the_start_of_a_number() -> None:
    prints = Fingerprints(KEY)
    assert prints.of("schwab", "123") != prints.of("schwab1", "23")


@pytest.mark.servers
def test_the_key_is_made_once_even_if_many_are_first(database: Database) -> None:
    together = Barrier(6)

    def first() -> str:
        together.wait()
        with database.session() as session:
            return fingerprints(session).of("schwab", "123")

    with ThreadPoolExecutor(6) as pool:
        found = {done.result() for done in [pool.submit(first) for _ in range(6)]}
    with database.session() as session:
        assert session.scalars(select(func.count()).select_from(Installation)).one() == 1
        assert found == {fingerprints(session).of("schwab", "123")}


@pytest.mark.servers
def test_without_the_right_key_no_second_one_is_made(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.session() as session:
        fingerprints(session)
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    with pytest.raises(CredentialsUnreadable), database.session() as session:
        fingerprints(session)
