"""What a broker has issued is not lost when the database goes away before the commit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import text

from brokers.records import Grant
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import a_connection, a_grant
from tests.worker.stored import credential_row, usable
from worker import limits, tokens
from worker.limits import Deadline

pytestmark = pytest.mark.servers


class Cutting(FakeBroker):
    """While it is asked, somebody ends the other sessions of this process, as a fail-over does."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def refresh(self, credentials: Mapping[str, str], *, deadline: float) -> Grant:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        with self._database.engine.connect() as connection:
            connection.execute(text(f"{others} AND datname = current_database() AND backend_type = 'client backend'"))
        return super().refresh(credentials, deadline=deadline)


@pytest.fixture
def ending(database: Database) -> uuid.UUID:
    return a_connection(database, lasts=timedelta(seconds=30))


def test_tokens_issued_while_the_database_went_away_are_saved_once_it_is_back(
    database: Database, ending: uuid.UUID
) -> None:
    broker = Cutting(database)
    broker.will("refresh", a_grant(2))
    login = usable(database, broker, ending, Deadline(limits.SYNC_DEADLINE))
    assert login.credentials == a_grant(2).credentials
    stored = credential_row(database, ending)
    assert (stored.document, stored.token_version) == (a_grant(2).credentials, 2)
    assert broker.called("refresh") == 1


def test_the_tries_to_save_end_before_the_claim_does() -> None:
    tries = timedelta(seconds=sum(tokens.SAVE_AGAIN_AFTER))
    assert limits.HTTP_TOTAL + tries < limits.SYNC_DEADLINE
