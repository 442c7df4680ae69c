"""Faults of ours, of the operator and of who asks: named in our words, and never the end of a connection."""

from __future__ import annotations

import logging
import os
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from brokers.errors import (
    RateLimited,
)
from models.connection import Status
from models.sealing import keyring
from tests.fakes import FakeBroker
from tests.records import a_connection, a_snapshot, an_answer
from tests.worker.stored import connection_row, make_due
from tests.worker.test_sync_failures import failed
from worker.outcomes import CannotSync, Outcome
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

AT = ("GET /accounts", "what was wrong")
ENDING = timedelta(seconds=30)


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    return a_connection(parts.database)


def test_a_fault_of_ours_is_named_without_its_text(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, caplog: pytest.LogCaptureFixture
) -> None:
    broker.will("fetch", ZeroDivisionError("refresh-1 in the text"))
    raised = failed(parts, connection_id)
    assert str(raised) == "internal: ZeroDivisionError in the sync; the worker's log has the traceback"
    assert raised.__suppress_context__
    stored = connection_row(parts.database, connection_id)
    assert (stored.last_error_text, stored.status, stored.claim_id) == (raised.text, Status.ACTIVE, None)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_faults_of_ours_that_came_to_an_end_never_pause_a_connection(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", ZeroDivisionError())
    for _ in range(5):
        failed(parts, connection_id)
    row = connection_row(parts.database, connection_id)
    assert (row.status, row.unfinished_attempts, row.consecutive_failures) == (Status.ACTIVE, 0, 5)


def test_a_key_that_is_missing_waits_for_the_operator_and_goes_on_by_itself(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = os.environ["ENCRYPTION_KEY"]
    for bad in ("", "not a Fernet key"):
        monkeypatch.setenv("ENCRYPTION_KEY", bad)
        keyring.cache_clear()
        assert failed(parts, connection_id).kind == "credentials_unreadable"
        assert connection_row(parts.database, connection_id).status == Status.CREDENTIALS_UNREADABLE
    monkeypatch.setenv("ENCRYPTION_KEY", key)
    keyring.cache_clear()
    broker.will("fetch", an_answer(a_snapshot()))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
    assert connection_row(parts.database, connection_id).status == Status.ACTIVE


def test_who_asks_again_while_the_broker_wants_a_pause_is_not_served_sooner(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", RateLimited("GET /things", "too many requests", timedelta(minutes=10)))
    failed(parts, connection_id)
    for _ in range(3):
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.DEFERRED
    assert broker.called("fetch") == 1
    make_due(parts.database, connection_id)
    broker.will("fetch", an_answer(a_snapshot()))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK


@pytest.mark.parametrize("trigger", [None, {"a": 1}, "a\0b", "", "x" * 33, "Demand"])
def test_a_trigger_that_is_no_short_word_takes_no_claim(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, trigger: Any
) -> None:
    with pytest.raises(CannotSync, match="short word"):
        sync_connection(parts, connection_id, trigger)
    assert connection_row(parts.database, connection_id).unfinished_attempts == 0
    assert broker.calls == []


def test_a_database_that_does_not_answer_fails_the_sync_with_a_kind(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("server at 10.9.8.7 closed the connection"))

    monkeypatch.setattr("worker.claims.take", down)
    raised = failed(parts, connection_id)
    assert str(raised) == "internal: OperationalError in the sync; the worker's log has the traceback"
    assert broker.calls == []
