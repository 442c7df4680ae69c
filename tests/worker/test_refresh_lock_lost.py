"""A refresh whose lock is lost while the broker is asked: nobody else begins one before it is over."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import func, text
from sqlalchemy.exc import TimeoutError as SessionsTaken
from sqlalchemy.orm import Session

from brokers.errors import BrokerDown, LoginEnded
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
from worker.tokens import refresh

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


def at_the_lock(monkeypatch: pytest.MonkeyPatch, database: Database, do: Callable[[], object]) -> None:
    """`do` this after the next attempt was marked, before its row is locked."""
    sessions = database.session

    def first(*given: timedelta) -> AbstractContextManager[Session]:
        monkeypatch.setattr(database, "session", second)
        return sessions(*given)

    def second(*given: timedelta) -> AbstractContextManager[Session]:
        monkeypatch.setattr(database, "session", sessions)
        do()
        return sessions(*given)

    monkeypatch.setattr(database, "session", first)


def test_an_attempt_that_asked_nobody_is_no_crash_and_keeps_nobody_off(
    database: Database, broker: FakeBroker, ending: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crowded() -> None:
        raise SessionsTaken

    at_the_lock(monkeypatch, database, crowded)
    with pytest.raises(SessionsTaken):
        refresh(database, broker, ending, 1, deadline())
    assert credential_row(database, ending).refresh_attempt_id is None
    broker.will("refresh", BrokerDown("POST /token", "down"))
    with pytest.raises(BrokerDown):
        usable(database, broker, ending, deadline())
    assert credential_row(database, ending).cut_short_by is None


def test_an_attempt_that_stood_still_until_another_began_asks_nobody_and_leaves_the_others_mark(
    database: Database, broker: FakeBroker, ending: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = uuid.uuid4()
    at_the_lock(monkeypatch, database, lambda: put_credential(database, ending, refresh_attempt_id=others))
    with pytest.raises(LoginBusy):
        refresh(database, broker, ending, 1, deadline())
    assert broker.calls == []
    assert credential_row(database, ending).refresh_attempt_id == others
