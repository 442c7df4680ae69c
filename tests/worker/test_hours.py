"""A connection's hours, with the real schedule: what each end of a run makes of them, and when it is dispatched."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from brokers.errors import BrokerDown, RateLimited
from brokers.records import ComeBack
from models.account import Account
from models.connection import Status
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import NUMBER, a_connection, a_snapshot, an_account, an_answer
from tests.worker.no_circuits import dispatch_due_connections
from tests.worker.stored import connection_row, database_now, make_due, put, wait_left
from worker.outcomes import SyncFailed
from worker.parts import Parts
from worker.sync import sync_account, sync_connection

pytestmark = pytest.mark.servers


def hours(now: datetime, opens_in: timedelta, lasts: timedelta = timedelta(hours=1)) -> dict[str, Any]:
    """A window by UTC's clocks that opens `opens_in` from now."""
    opens = now + opens_in
    return {"hours_from": opens.time(), "hours_until": (opens + lasts).time(), "time_zone": "UTC"}


@pytest.fixture
def connection_id(database: Database) -> uuid.UUID:
    """Active, due now, asked every 5 minutes, and its hours begin in 3 hours."""
    connection_id = a_connection(database, **hours(database_now(database), timedelta(hours=3)))
    an_account(database, connection_id)
    return connection_id


def opens_in(database: Database, connection_id: uuid.UUID) -> timedelta:
    """How long until the connection is due, to the minute."""
    return timedelta(minutes=round(wait_left(database, connection_id) / timedelta(minutes=1)))


def only_account(database: Database, connection_id: uuid.UUID) -> uuid.UUID:
    with database.session() as session:
        return session.scalars(select(Account.id).where(Account.connection_id == connection_id)).one()


def dispatched(database: Database) -> int:
    return dispatch_due_connections(database, lambda *_: None)


def test_after_a_sync_outside_its_hours_it_is_due_at_the_opening(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    assert opens_in(parts.database, connection_id) == timedelta(hours=3)


def test_it_is_dispatched_at_the_opening_and_not_before(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    database = parts.database
    put(database, connection_id, sync_interval=timedelta(milliseconds=50))
    put(database, connection_id, **hours(database_now(database), timedelta(seconds=1)))
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    stored = connection_row(database, connection_id)
    opening = stored.next_sync_at
    assert opening is not None
    assert opening.time() == stored.hours_from
    early = 0
    while database_now(database) < opening - timedelta(milliseconds=100):
        early += dispatched(database)
    assert early == 0
    while database_now(database) < opening:
        time.sleep(0.02)
    assert dispatched(database) == 1


def test_one_that_becomes_active_by_its_sync_keeps_its_hours_from_then_on(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    put(parts.database, connection_id, status=Status.CREDENTIALS_UNREADABLE)
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    assert connection_row(parts.database, connection_id).status == Status.ACTIVE
    assert opens_in(parts.database, connection_id) == timedelta(hours=3)


def test_within_its_hours_it_keeps_its_cadence(parts: Parts, broker: FakeBroker, connection_id: uuid.UUID) -> None:
    put(parts.database, connection_id, **hours(database_now(parts.database), -timedelta(minutes=30)))
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    assert opens_in(parts.database, connection_id) == timedelta(minutes=5)


def test_a_cadence_that_leads_past_the_closing_leads_to_the_next_days_opening(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    put(parts.database, connection_id, **hours(database_now(parts.database), -timedelta(minutes=58)))
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    assert opens_in(parts.database, connection_id) == timedelta(hours=23, minutes=2)


@pytest.mark.parametrize(
    ("failure", "back_off"),
    [
        (RateLimited("GET /accounts", "429", timedelta(minutes=20)), timedelta(minutes=20)),
        (BrokerDown("GET /accounts", "503"), timedelta(seconds=15)),
    ],
)
def test_a_back_off_counts_from_the_failure_and_ends_within_the_hours(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, failure: Exception, back_off: timedelta
) -> None:
    broker.will("fetch", failure)
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    assert opens_in(parts.database, connection_id) == timedelta(hours=3)

    # The same after the opening: the back-off alone.
    put(parts.database, connection_id, **hours(database_now(parts.database), -timedelta(seconds=5)))
    put(parts.database, connection_id, last_error_kind=None, consecutive_failures=0)
    broker.will("fetch", failure)
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    assert abs(wait_left(parts.database, connection_id) - back_off) < timedelta(seconds=5)


def test_a_report_that_is_not_ready_is_asked_for_within_the_hours(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", ComeBack(wait=timedelta(minutes=1), state={"report": "7"}))
    sync_connection(parts, connection_id, "demand")
    assert opens_in(parts.database, connection_id) == timedelta(hours=3)


def test_one_account_asked_for_out_of_turn_does_not_open_the_hours(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch_account", a_snapshot(NUMBER))
    sync_account(parts, connection_id, only_account(parts.database, connection_id))
    assert opens_in(parts.database, connection_id) == timedelta(hours=3)


def test_a_new_interval_counts_also_where_one_account_was_at_work_when_it_was_set(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    put(parts.database, connection_id, hours_from=None, hours_until=None)
    put(parts.database, connection_id, next_sync_at=database_now(parts.database) + timedelta(hours=2))
    broker.will("fetch_account", a_snapshot(NUMBER))
    sync_account(parts, connection_id, only_account(parts.database, connection_id))
    assert opens_in(parts.database, connection_id) == timedelta(minutes=5)


@pytest.mark.parametrize("status", [Status.LINKING, Status.CREDENTIALS_UNREADABLE])
def test_what_is_not_active_yet_is_dispatched_at_any_hour(
    database: Database, connection_id: uuid.UUID, status: Status
) -> None:
    put(database, connection_id, status=status)
    make_due(database, connection_id)
    assert dispatched(database) == 1
