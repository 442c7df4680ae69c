"""How many logins one process refreshes at once, what is said of each refresh, and that a fresh login costs nothing more."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore, Event, Semaphore

import pytest
from sqlalchemy import event

from brokers.errors import AccessRefused, BrokerDown
from brokers.records import Grant
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import CREDENTIALS, a_connection, a_grant, a_snapshot, an_answer
from tests.worker.stored import connection_row, credential_row, database_now, usable, wait_left
from worker import limits, tokens
from worker.limits import Deadline
from worker.logins import LoginBusy, SeenLogin
from worker.logs import FieldFormatter
from worker.outcomes import Outcome
from worker.parts import Parts
from worker.sync import sync_connection
from worker.tokens import usable_login

pytestmark = pytest.mark.servers

ENDING = timedelta(seconds=30)


def deadline() -> Deadline:
    return Deadline(limits.SYNC_DEADLINE)


@pytest.fixture
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> BoundedSemaphore:
    turns = BoundedSemaphore(1)
    monkeypatch.setattr(tokens, "_turns", turns)
    monkeypatch.setattr(limits, "REFRESH_TURN", timedelta(milliseconds=50))
    return turns


@contextmanager
def being_refreshed(database: Database, broker: FakeBroker) -> Iterator[None]:
    """While the broker thinks about another login."""
    asked, answer = Event(), Event()

    def slow() -> Grant:
        asked.set()
        assert answer.wait(10)
        return a_grant()

    broker.will("refresh", slow, a_grant(3))
    other = a_connection(database, lasts=ENDING)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(usable, database, broker, other, deadline())
        assert asked.wait(10)
        try:
            yield
        finally:
            answer.set()
        assert done.result().version == 2


def test_who_finds_no_turn_in_the_process_does_not_wait_long_and_leaves_no_mark(
    database: Database, broker: FakeBroker, one_at_once: Semaphore
) -> None:
    connection_id = a_connection(database, lasts=ENDING)
    with being_refreshed(database, broker):
        began = time.monotonic()
        with pytest.raises(LoginBusy):
            usable(database, broker, connection_id, deadline())
        assert time.monotonic() - began < 1
        assert credential_row(database, connection_id).refresh_attempt_id is None
    assert usable(database, broker, connection_id, deadline()).version == 2


def test_a_sync_that_finds_no_turn_is_due_again_in_seconds_without_a_failure(
    parts: Parts, broker: FakeBroker, one_at_once: Semaphore
) -> None:
    connection_id = a_connection(parts.database, lasts=ENDING)
    with being_refreshed(parts.database, broker):
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.DEFERRED
    assert connection_row(parts.database, connection_id).consecutive_failures == 0
    assert wait_left(parts.database, connection_id) <= limits.LOGIN_BUSY_WAIT


def test_a_login_that_needs_no_refresh_needs_no_turn(parts: Parts, broker: FakeBroker, one_at_once: Semaphore) -> None:
    connection_id = a_connection(parts.database)
    broker.will("fetch", an_answer(a_snapshot()))
    with being_refreshed(parts.database, broker):
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK


def test_a_refresh_that_fails_gives_its_turn_back(
    database: Database, broker: FakeBroker, one_at_once: Semaphore
) -> None:
    connection_id = a_connection(database, lasts=ENDING)
    broker.will("refresh", BrokerDown("POST /token", "down"), a_grant(2))
    with pytest.raises(BrokerDown):
        usable(database, broker, connection_id, deadline())
    assert usable(database, broker, connection_id, deadline()).version == 2


def test_a_process_has_the_turns_that_the_limits_name() -> None:
    taken = [tokens._turns.acquire(blocking=False) for _ in range(limits.REFRESHES_AT_ONCE + 1)]
    for _ in range(sum(taken)):
        tokens._turns.release()
    assert taken == [True] * limits.REFRESHES_AT_ONCE + [False]


def lines(caplog: pytest.LogCaptureFixture, connection_id: uuid.UUID) -> list[str]:
    shown = [FieldFormatter().format(record) for record in caplog.records if record.name == "worker.tokens"]
    return [line.split(": ", 1)[1].replace(str(connection_id), "ID") for line in shown]


def test_the_log_says_why_a_login_was_refreshed(
    parts: Parts, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "worker")
    connection_id = a_connection(parts.database, lasts=ENDING)
    refused = AccessRefused("GET /accounts", "refused")
    broker.will("refresh", a_grant(2), a_grant(3, timedelta(seconds=-1)), a_grant(4))
    broker.will("fetch", an_answer(a_snapshot()), refused, an_answer(a_snapshot()))
    for _ in range(3):
        sync_connection(parts, connection_id, "demand")
    assert lines(caplog, connection_id) == [
        "login refreshed connection=ID why=ends_soon version=2",
        "login refreshed connection=ID why=refused version=3",
        "login refreshed connection=ID why=ended version=4",
    ]


def test_the_log_says_why_a_login_was_not_refreshed_and_shows_no_token(
    database: Database, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    connection_id = a_connection(database, lasts=ENDING)
    broker.will("refresh", BrokerDown("POST /token", "down"))
    with pytest.raises(BrokerDown):
        usable(database, broker, connection_id, deadline())
    assert lines(caplog, connection_id) == ["login not refreshed connection=ID why=ends_soon kind=broker_down"]
    assert [token for token in CREDENTIALS.values() if token in caplog.text] == []


def test_a_fresh_login_is_used_without_a_statement(database: Database, broker: FakeBroker) -> None:
    connection_id = a_connection(database)
    stored, credential = connection_row(database, connection_id), credential_row(database, connection_id)
    seen = SeenLogin(credential, stored.login_at, stored.login_expires_at, database_now(database))
    statements: list[object] = []

    def note(*given: object) -> None:
        statements.append(given[2])

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        login = usable_login(database, broker, seen, deadline())
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert (login.credentials, statements, broker.calls) == (CREDENTIALS, [], [])
