"""What a broker has issued is not lost when the database goes away before the commit."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as SessionsTaken
from sqlalchemy.orm import Session

from brokers.errors import RateLimited
from brokers.records import Grant
from models import session
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


def test_tokens_issued_to_a_process_that_stood_still_until_its_transaction_was_ended_are_saved(
    database: Database, broker: FakeBroker, ending: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "IDLE_IN_TRANSACTION_TIMEOUT", timedelta(milliseconds=50))

    def late() -> Grant:
        time.sleep(0.3)
        return a_grant(2)

    broker.will("refresh", late)
    assert usable(database, broker, ending, Deadline(limits.SYNC_DEADLINE)).version == 2
    assert credential_row(database, ending).document == a_grant(2).credentials


def test_tokens_are_saved_though_no_session_is_free_at_first(
    database: Database, ending: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, free = Cutting(database), database.session

    def crowded() -> AbstractContextManager[Session]:
        monkeypatch.setattr(database, "session", free)
        raise SessionsTaken

    def cut() -> Grant:
        monkeypatch.setattr(database, "session", crowded)
        return a_grant(2)

    broker.will("refresh", cut)
    assert usable(database, broker, ending, Deadline(limits.SYNC_DEADLINE)).version == 2
    assert credential_row(database, ending).document == a_grant(2).credentials


def test_what_the_broker_answered_is_told_though_it_could_not_be_written(database: Database, ending: uuid.UUID) -> None:
    broker = Cutting(database)
    broker.will("refresh", RateLimited("POST /token", "slow down"))
    with pytest.raises(RateLimited):
        usable(database, broker, ending, Deadline(limits.SYNC_DEADLINE))


def test_the_tries_to_save_end_in_time_after_two_waits_for_the_broker() -> None:
    tries = timedelta(seconds=sum(tokens.SAVE_AGAIN_AFTER))
    assert 2 * limits.HTTP_TOTAL + tries < limits.SYNC_DEADLINE
