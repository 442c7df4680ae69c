"""How many logins one process refreshes at once, what is said of each refresh, and that a fresh login costs nothing more."""

from __future__ import annotations

import dataclasses
import logging
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import event, func

from brokers.errors import AccessRefused, BrokerDown
from brokers.records import Grant
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import ANOTHER_NUMBER, CREDENTIALS, a_connection, a_grant, a_snapshot, an_answer
from tests.worker.no_circuits import dispatch_due_connections
from tests.worker.stored import connection_row, credential_row, database_now, put, runs, usable, wait_left
from worker import limits, refresh_turns
from worker.limits import Deadline
from worker.logins import LoginBusy, SeenLogin
from worker.logs import FieldFormatter
from worker.outcomes import Outcome
from worker.parts import Parts
from worker.refresh_turns import turn
from worker.sync import sync_connection
from worker.tokens import usable_login

pytestmark = pytest.mark.servers

ENDING = timedelta(seconds=30)


def deadline() -> Deadline:
    return Deadline(limits.SYNC_DEADLINE)


class Elsewhere(FakeBroker):
    declaration = dataclasses.replace(FakeBroker.declaration, name="elsewhere")


@pytest.fixture
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REFRESHES_AT_ONCE", 1)
    monkeypatch.setattr(refresh_turns, "_of", {})


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
    database: Database, broker: FakeBroker, one_at_once: None
) -> None:
    connection_id = a_connection(database, lasts=ENDING)
    with being_refreshed(database, broker):
        began = time.monotonic()
        with pytest.raises(LoginBusy):
            usable(database, broker, connection_id, deadline())
        assert time.monotonic() - began < 1
        assert credential_row(database, connection_id).refresh_attempt_id is None
    assert usable(database, broker, connection_id, deadline()).version == 2


@pytest.mark.parametrize(("coin", "seconds"), [(0.0, 5), (0.5, 17.5), (1.0, 30)])
def test_a_sync_that_finds_no_turn_is_due_again_some_other_time_soon_without_a_failure_or_a_record(
    parts: Parts, broker: FakeBroker, one_at_once: None, coin: float, seconds: float
) -> None:
    connection_id = a_connection(parts.database, lasts=ENDING)
    parts.random = lambda: coin
    with being_refreshed(parts.database, broker):
        result = sync_connection(parts, connection_id, "demand")
        assert (result.outcome, result.run_id) == (Outcome.DEFERRED, None)
        left = wait_left(parts.database, connection_id).total_seconds()
    assert seconds - 2 < left <= seconds
    assert connection_row(parts.database, connection_id).consecutive_failures == 0
    assert runs(parts.database, connection_id) == [], "the broker was asked for nothing"


def test_a_broker_that_was_asked_before_no_turn_was_found_leaves_a_record(
    parts: Parts, broker: FakeBroker, one_at_once: None
) -> None:
    connection_id = a_connection(parts.database)
    broker.will("fetch", AccessRefused("GET /accounts", "refused"))
    with being_refreshed(parts.database, broker):
        result = sync_connection(parts, connection_id, "demand")
    assert [run.id for run in runs(parts.database, connection_id)] == [result.run_id]
    assert result.outcome is Outcome.DEFERRED


def test_a_broker_takes_no_turn_from_another(database: Database, broker: FakeBroker, one_at_once: None) -> None:
    other, connection_id = Elsewhere(), a_connection(database, broker="elsewhere", lasts=ENDING)
    other.will("refresh", a_grant(2))
    with being_refreshed(database, broker):
        assert usable(database, other, connection_id, deadline()).version == 2


def test_logins_that_are_fresh_and_other_brokers_go_on_while_a_token_endpoint_hangs(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four slots, two turns, and forty logins that want one."""
    monkeypatch.setattr(limits, "REFRESHES_AT_ONCE", 2)
    monkeypatch.setattr(refresh_turns, "_of", {})
    database, goes_on = parts.database, Event()
    other = parts.brokers["elsewhere"] = Elsewhere()
    broker.will("refresh", lambda: goes_on.wait(20) and BrokerDown("POST /token", "down"))
    broker.will("fetch", an_answer(a_snapshot()))
    other.will("refresh", a_grant(2))
    other.will("fetch", an_answer(a_snapshot(ANOTHER_NUMBER)))
    hanging = [a_connection(database, lasts=ENDING) for _ in range(40)]
    well = [a_connection(database) for _ in range(5)]
    well += [a_connection(database, broker="elsewhere", lasts=ENDING) for _ in range(5)]
    for each in well:
        put(database, each, next_sync_at=func.now())

    def all_well() -> bool:
        return all(connection_row(database, each).last_success_at is not None for each in well)

    with ThreadPoolExecutor(4) as pool:
        try:
            end = time.monotonic() + 15
            while not all_well():
                assert time.monotonic() < end
                dispatch_due_connections(
                    database, lambda each, claim: pool.submit(sync_connection, parts, each, "schedule", str(claim))
                )
                time.sleep(0.1)
            assert not goes_on.is_set()
            assert broker.called("refresh") == 2, "the others of that broker wait outside the slots"
        finally:
            goes_on.set()
    assert {len(runs(database, each)) for each in hanging} <= {0, 1}


def test_a_login_that_needs_no_refresh_needs_no_turn(parts: Parts, broker: FakeBroker, one_at_once: None) -> None:
    connection_id = a_connection(parts.database)
    broker.will("fetch", an_answer(a_snapshot()))
    with being_refreshed(parts.database, broker):
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK


def test_a_refresh_that_fails_gives_its_turn_back(database: Database, broker: FakeBroker, one_at_once: None) -> None:
    connection_id = a_connection(database, lasts=ENDING)
    broker.will("refresh", BrokerDown("POST /token", "down"), a_grant(2))
    with pytest.raises(BrokerDown):
        usable(database, broker, connection_id, deadline())
    assert usable(database, broker, connection_id, deadline()).version == 2


def test_a_process_has_the_turns_that_the_limits_name_at_each_broker() -> None:
    for broker in ("fake", "elsewhere"):
        with ExitStack() as taken:
            for _ in range(limits.REFRESHES_AT_ONCE):
                taken.enter_context(turn(broker))
            with pytest.raises(LoginBusy):
                taken.enter_context(turn(broker))


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
