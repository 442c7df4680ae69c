"""The run's database for one test: with all tables, empty, and a key of its own for what is sealed.

The code under test opens and commits its own transactions, so a test cannot be rolled back: its rows are deleted, which
takes a few milliseconds (a TRUNCATE of all tables takes 18).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from models.sealing import keyring
from models.session import Database
from models.tables import Base


@pytest.fixture(scope="session")
def _engine(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=12)
    yield database
    database.close()


@pytest.fixture
def encryption_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What `ENCRYPTION_KEY` holds during this test."""
    key = Fernet.generate_key().decode()
    monkeypatch.setenv("ENCRYPTION_KEY", key)
    keyring.cache_clear()
    yield key
    keyring.cache_clear()


@pytest.fixture
def database(_engine: Database, encryption_key: str) -> Iterator[Database]:
    """The run's database, empty before and after the test, which must give every session back."""
    _empty(_engine)
    yield _engine
    assert _engine.engine.pool.checkedout() == 0, "a session was left open"
    _empty(_engine)


def _empty(database: Database) -> None:
    with database.engine.begin() as connection:
        # Events refuse to be deleted; only what is switched off and on again in one transaction gets past that.
        connection.execute(text("ALTER TABLE events DISABLE TRIGGER USER"))
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
        connection.execute(text("ALTER TABLE events ENABLE TRIGGER USER"))
