"""A refresh whose lock is lost while the broker is asked: nobody else begins one before it is over."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import func, text

from brokers.errors import LoginEnded
from brokers.records import Grant
from models.connection import Status
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import a_connection, a_grant
from tests.worker.stored import connection_row, credential_row, events, put_credential, usable
from worker import limits
from worker.limits import Deadline
from worker.logins import Login, LoginBusy
from worker.outcomes import Outcome
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

SECOND = timedelta(seconds=1)


@pytest.fixture
def ending(database: Database) -> uuid.UUID:
    return a_connection(database, lasts=30 * SECOND)


def deadline() -> Deadline:
    return Deadline(limits.SYNC_DEADLINE)


@contextmanager
def asked_for_without_a_lock(
    database: Database, broker: FakeBroker, connection_id: uuid.UUID
) -> Iterator[Future[Login]]:
    """While the broker, which takes each token once, thinks; the refresher's session was ended by a fail-over."""
    asked, answer = Event(), Event()

    def slow() -> Grant:
        asked.set()
        assert answer.wait(10)
        return a_grant(2)

    broker.will("refresh", slow, LoginEnded("POST /token", "an old token"))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(usable, database, broker, connection_id, deadline())
        try:
            assert asked.wait(10)
            with database.session() as session:
                session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                        " AND datname = current_database() AND state = 'idle in transaction'"
                    )
                )
            yield first
        finally:
            answer.set()


@pytest.mark.parametrize("ago", [0 * SECOND, 6 * SECOND, 2 * limits.HTTP_TOTAL, limits.ATTEMPT_LIVES - SECOND])
def test_nobody_begins_another_while_it_may_still_be_at_the_broker_or_saving(
    parts: Parts, broker: FakeBroker, ending: uuid.UUID, ago: timedelta
) -> None:
    database = parts.database
    with asked_for_without_a_lock(database, broker, ending) as first:
        put_credential(database, ending, refresh_started_at=func.now() - ago)
        assert sync_connection(parts, ending, "demand").outcome is Outcome.DEFERRED
        with pytest.raises(LoginBusy):
            usable(database, broker, ending, deadline())
    assert first.result().version == 2
    assert credential_row(database, ending).document == a_grant(2).credentials
    assert broker.called("refresh") == 1
    assert (connection_row(database, ending).status, events(database, ending)) == (Status.ACTIVE, [])


def test_an_attempt_that_a_crash_cut_short_keeps_the_login_no_longer_than_that(
    database: Database, broker: FakeBroker, ending: uuid.UUID
) -> None:
    began = func.now() - limits.ATTEMPT_LIVES
    put_credential(database, ending, refresh_attempt_id=uuid.uuid4(), refresh_started_at=began)
    broker.will("refresh", a_grant(2))
    assert usable(database, broker, ending, deadline()).version == 2
